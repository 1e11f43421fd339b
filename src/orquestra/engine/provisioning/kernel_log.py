"""The kernel's log, asked which containers it has ended for memory.

Container engines report this themselves, but podman's monitor misses it on the older of the two
cgroup hierarchies. The kernel's record names the memory group, and with it the container.
"""

import os
from collections.abc import Iterator

_LOG = "/dev/kmsg"
_RECORD_BYTES = 8192


def ended_for_memory(container_id: str) -> bool:
    """Whether the log shows a process of this container killed at its memory limit.

    False where the log may not be read: that takes root on most machines.
    """
    return any(names_victim(record, container_id) for record in _records())


def names_victim(record: str, container_id: str) -> bool:
    """Whether a record tells of a kill at the limit of this container's memory group."""
    if "oom-kill:" not in record:
        return False
    _, _, group = record.partition("oom_memcg=")
    return container_id in group.partition(",")[0]


def _records() -> Iterator[str]:
    try:
        log = os.open(_LOG, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        while True:
            try:
                yield os.read(log, _RECORD_BYTES).decode(errors="replace")
            except BrokenPipeError:  # a record was overwritten meanwhile; the next read goes on
                continue
            except OSError:  # the end of the log
                return
    finally:
        os.close(log)
