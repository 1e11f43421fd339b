"""The reconciler: it compares what should exist with what does, and acts on the difference.

`views` is what should exist (from the database), the provisioner's inventory is what does,
`decisions` is the pure function between them, `actions` names what it can decide, `performing`
does it, and `loop` goes round. Nothing is remembered between rounds, so an engine that was killed
goes on with its first round after the restart.
"""
