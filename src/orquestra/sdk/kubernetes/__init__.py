"""Notions of Kubernetes that the public API speaks, without any of its libraries.

Here belongs the reading of resource quantities (`quantity`). Talking to a cluster does not
belong here; that is a provisioner's work.
"""
