"""Results of earlier runs that are used again, by the keys under which executors remember them.

Keys are the executor's: digests of all that a result depends on. Here they are kept apart by owner.
"""
