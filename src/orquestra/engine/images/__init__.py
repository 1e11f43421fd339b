"""Container images, as far as the engine must know them before anything is pulled.

`references` reads image names, `registry_client` asks a registry for manifest and configuration,
`passport` holds what an image says of itself against what a run needs, `defaults` chooses the
base image of tasks that name none, and `admission` puts it together for a whole definition.
"""
