"""Names that pickles of release 1.1 look up: its definitions hold their functions with them.

Nothing of ours uses them, and nothing else belongs here.
"""
