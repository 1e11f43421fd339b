"""Run clusters: which one executes a run, what it is to do, and what its head tells of it.

The internal API is served on a Unix socket that only heads can reach, and each call carries the
token of its cluster. The documents are in `orquestra.sdk.schema.cluster`. Starting and stopping
clusters is the reconciler's.
"""
