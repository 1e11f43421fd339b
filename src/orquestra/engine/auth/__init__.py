"""Who is asking: login tokens of users and the tokens of run clusters.

What a user may see or do with a run belongs to the domain that owns it.
"""
