"""Names that pickles of release 1.1 refer to, and nothing else: no code of ours imports this.

Results that its local runtime stored name classes by the modules they were in. Ray is not needed.
"""
