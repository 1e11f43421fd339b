"""The executor: the part of Orquestra that lives on a run cluster, and the only user of Ray.

What belongs here: what the head and the nodes of one cluster do. The head (`head`) starts Ray and
the driver (`driver`), which follows what the engine assigns (`assignment`, `pools`), walks the
graphs of runs (`executor`, `scheduling`), gives calls to workers (`crew`) that Ray has placed on
nodes (`placement`), and tells the engine what happened (`outbox`). What an earlier run has made
already is found by its inputs (`caching`). Tasks find out about their run (`task_context`) and read
its secrets through the head (`forwarder`). A node (`node`) joins the head; on it live the workers
(`worker`), which write values into the exchange (`exchange`). Ray's autoscaler asks the engine for
nodes through `node_provider`; how Ray itself is started, and what of it is left out, say
`ray_processes` and `ray_start`.

What does not belong here: deciding what may run where (the engine does), starting containers
(its provisioner does), and anything a user imports. May import `orquestra.sdk`; must not import
`orquestra.engine`: the two share `orquestra.sdk.schema.cluster` and nothing else.
"""
