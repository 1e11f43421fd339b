"""The image registry that the engine brings along: CNCF Distribution on a loopback port.

We start it, watch it and stop it; publishing and pulling are plain registry protocol, and any
other registry takes its place through the configuration.
"""
