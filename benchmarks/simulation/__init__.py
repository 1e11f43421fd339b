"""A discrete-event simulation of a run cluster, for sizes that nobody has here.

What decides is the executor's own code: `scheduling`, `staffing` and `planning`. What is simulated
is what they decide about: workers that run tasks (`workers`), nodes that boot, fill up and go
(`nodes`), and the graph of a run (`graph`). `loop` hands events to and fro, in simulated time.
"""
