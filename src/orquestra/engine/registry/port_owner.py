"""Which program listens on a port, for an error message. Linux only; elsewhere nobody is named."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def listener_on(port: int) -> str | None:
    """`name (process 123)`; None where it cannot be seen, as another user's often cannot."""
    sockets = {f"socket:[{inode}]" for inode in _listening_sockets(port)}
    if not sockets:
        return None
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if str(descriptor.readlink()) in sockets:
                process = descriptor.parents[1]
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
    return None


def _listening_sockets(port: int) -> Iterator[str]:
    for table in _TABLES:
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                local, state, inode = (line.split()[column] for column in (1, 3, 9))
                if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                    yield inode
