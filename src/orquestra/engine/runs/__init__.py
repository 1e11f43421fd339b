"""Workflow runs: their creation, their states, and stopping them.

What makes a run move is elsewhere: the executor reports through `clusters`, and `reconciling`
gives it a run cluster and takes it away.
"""
