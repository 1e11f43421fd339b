"""Where the time of a run went: a ledger made of what the other domains have recorded.

`ledger` and `images` are pure; nothing is stored here.
"""
