"""Ids that stand in the paths of requests."""

_RESOLVED = {"", ".", ".."}


def is_plain(text: str) -> bool:
    """Whether no part between slashes is empty, "." or "..".

    Clients and proxies resolve those, and then send the request somewhere else.
    """
    return _RESOLVED.isdisjoint(text.split("/"))
