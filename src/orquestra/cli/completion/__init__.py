"""`orq completion`: scripts for shells, and what they offer besides commands and options.

`completion` is the command, `values` has the names and ids that options and arguments complete.
"""
