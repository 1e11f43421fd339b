"""The systems that do the same works, one module each, behind the contract in `contract`.

Each runs in a process of its own (`turn`), which ends before the next one begins, so that nobody
measures what another one left running. Only a system's own module imports its library.
"""
