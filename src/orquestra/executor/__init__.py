"""The executor: the part of Orquestra that lives on a run cluster, and the only user of Ray.

What belongs here: what the head and the nodes of one run do. The head (`head`) starts Ray and the
driver (`driver`), which walks the graph of the run (`graph`, `executor`), hands attempts of tasks
to Ray (`dispatch`, `ray_dispatch`) and tells the engine what happened (`outbox`, `reporter`). A
node (`node`) joins the head; inside its Ray tasks runs `worker`. Ray's autoscaler asks the engine
for nodes through `node_provider`.

What does not belong here: deciding what may run where (the engine does), starting containers
(its provisioner does), and anything a user imports. May import `orquestra.sdk`; must not import
`orquestra.engine`: the two share `orquestra.sdk.schema.cluster` and nothing else.
"""
