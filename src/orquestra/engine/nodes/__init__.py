"""Nodes and pools of run clusters: who asked for them, how many there may be, how they fared.

Starting and stopping their containers is the reconciler's; Ray's autoscaler decides how many it
wants, and the cap of each pool is held here.
"""
