"""Addresses of Git repositories, as users write them, taken apart."""

import re
from typing import Any
from urllib.parse import urlsplit

_HOST = r"(?P<host>\[[^\]]+\]|[^/:@\[\]]+)"  # brackets are those of an IPv6 address
_SCP_URL = re.compile(rf"(?P<user>[^/@:]+)@{_HOST}:/?(?P<path>.+)")
_AUTHORITY = re.compile(rf"(?:(?P<user>.+)@)?{_HOST}(?::(?:(?P<port>\d+)|(?P<folder>\D.*))?)?")


def git_url_parts(url: str) -> dict[str, Any]:
    """The fields of an `ir.GitURL`.

    Raises:
        ValueError: it names no host, holds a password, or is no address.
    """
    scp = _SCP_URL.fullmatch(url)
    if scp:
        return {"original_url": url, "protocol": "ssh", **scp.groupdict()}
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}", allow_fragments=False)
    except ValueError:  # its text would show a password
        raise ValueError("A Git address must name a host, which this one does not") from None
    if ":" in parts.netloc.rpartition("@")[0]:
        raise ValueError("A Git address must not hold a password; use a secret instead")
    match = _AUTHORITY.fullmatch(parts.netloc)
    if not match:
        raise ValueError(
            f"{url!r} is not the address of a Git repository: it names no host, or a wrong port"
        )
    # `ssh://git@host:team/tool` is a path after the colon, as in `git@host:team/tool`.
    path = f"{match['folder'] or ''}{parts.path}"
    return {
        "original_url": url,
        "protocol": parts.scheme,
        "user": match["user"],
        "host": match["host"],
        "port": match["port"],
        "path": path.removeprefix("/"),
        "query": parts.query or None,
    }
