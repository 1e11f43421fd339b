"""Provisioners: what starts and stops the heads and nodes of run clusters.

`contract` says what a provisioner must do. `containers` does it through the Docker API,
`host_processes` with processes of this machine (`host_records` are what is known of them,
`host_tree` finds and ends them, `host_init` is the first of each), and `local` with both.
`container_engine` finds the container engine to talk to (and starts podman's service where only
the program is there), and `testing` holds the public in-memory fake. `conformance` says what
every provisioner must do, as checks that tests run against both. The container client library
lives here and nowhere else. What should exist is decided elsewhere, in the reconciler.
"""
