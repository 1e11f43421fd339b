"""What a Compute Engine costs whose nodes are containers: warm and cold starts, and node-seconds.

`running` brings one up with base images in its registry, `by_hand` does the same work without us.
"""
