"""The local services: `orq up`, `orq down`, `orq restart`, `orq status`.

The only service is the local engine, a process of its own on a data folder of its user. Here
belongs what starts, finds and ends that process; what it then does is `orquestra.engine`.
"""
