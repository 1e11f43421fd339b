"""The internal API: what the head of a run cluster asks of the engine and tells it.

It is served on a Unix socket that only heads can reach, and each call carries the token of its
run. The documents are in `orquestra.sdk.schema.cluster`.
"""
