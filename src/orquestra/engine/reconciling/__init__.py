"""The reconciler: it compares what should exist with what does, and acts on the difference.

`views` is what should exist (from the database), the provisioner's inventory is what does,
`decisions` is the pure function between them, `readiness` adds clusters that wait for runs,
`actions` names what can be decided, `performing` does it (with `launching`, `pulling`, `endings`
and `telling`), and `loop` goes round. `parking` sets a local engine's clusters down when it stops.
Hardly anything is remembered between rounds, so an engine that was killed goes on with its first
round after the restart.
"""
