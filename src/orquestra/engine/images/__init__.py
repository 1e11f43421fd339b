"""Container images, as far as the engine must know them before anything is pulled.

`references` reads image names; `catalogue` is the contract of whoever describes an image, and
`registry_client` the one that asks registries (with `registry_connection`, `authentication`,
`credentials` and `manifests`), `testing` the one in memory. `passport` holds what an image says of
itself against what a run needs, `defaults` chooses the base image of tasks that name none, `sizes`
and `fitting` know amounts of CPU, memory and GPU, `uses` finds the images of a definition, and
`admission` puts it together; `refusals` has the sentences. Pulling and running images does not
belong here: that is `provisioning`. Nor does running a registry: that is `registry`.
"""
