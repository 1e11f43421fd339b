"""Names under which programs of release 1.1 import parts of `orquestra.sdk`.

Each module here is another name of one there, and holds nothing of its own. It may import
`orquestra.sdk`, and nothing of ours imports it.
"""
