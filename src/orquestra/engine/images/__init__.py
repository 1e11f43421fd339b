"""Container images, as far as the engine must know them before anything is pulled.

`references` reads image names; `catalogue` is the contract of whoever describes an image, and
`registry_client` the one that asks registries (with `registry_connection`, `authentication`,
`credentials` and `manifests`), `local_catalogue` the one that asks this machine first, `testing`
the one in memory. `host_environment` describes the engine's own Python as if it were an image.
`passport` holds what an image says of itself against what a run needs, `defaults` chooses the base
image of tasks that name none, `sizes` and `fitting` know amounts of CPU, memory and GPU, `uses`
finds the images of a definition, `admission` puts it together, and `standby` says what a cluster
is made of that waits for a run; `refusals` has the sentences. Pulling and running images does not
belong here: that is `provisioning`. Nor does running a registry: that is `registry`.
"""
