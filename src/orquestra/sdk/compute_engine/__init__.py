"""A Compute Engine (or the local runtime) as a client sees it, over HTTP."""
