"""The memory of a node, as the kernel counts it for its container (cgroup v1 and v2).

A node that is a process of the host counts as the group of processes that it belongs to.
"""

from dataclasses import dataclass, replace
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")
_MACHINE = Path("/proc/meminfo")
_UNLIMITED = 1 << 60


@dataclass(frozen=True, kw_only=True)
class NodeMemory:
    """Bytes at the peak and at most, and how many processes the kernel has killed for memory."""

    peak: int
    limit: int
    oom_kills: int


def read_node_memory(cgroups: Path | None = None) -> NodeMemory:
    """Read the counters of this process's node; without limit, that is the machine's memory.

    With `cgroups`, read those below that folder; what is not there is zero.
    """
    if cgroups is not None:
        return _read(cgroups)
    found = _read(own_group(_CGROUPS, _OWN_GROUP))
    return found if found.limit else replace(found, limit=_machine_memory())


def own_group(cgroups: Path, own: Path) -> Path:
    """Where the counters of this process's group are, below the folder of all (cgroup v2).

    A container sees its own group as the folder of all.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return cgroups
    for line in lines:
        path = line.removeprefix("0::/")
        if path != line and (cgroups / path).is_dir():
            return cgroups / path
    return cgroups


def _read(cgroups: Path) -> NodeMemory:
    old = cgroups / "memory"
    if old.is_dir():
        return NodeMemory(
            peak=_number(old / "memory.max_usage_in_bytes"),
            limit=_number(old / "memory.limit_in_bytes"),
            oom_kills=_entry(old / "memory.oom_control"),
        )
    return NodeMemory(
        peak=_number(cgroups / "memory.peak") or _number(cgroups / "memory.current"),
        limit=_number(cgroups / "memory.max"),
        oom_kills=_entry(cgroups / "memory.events"),
    )


def _machine_memory() -> int:
    try:
        words = _MACHINE.read_text().split(maxsplit=2)
    except OSError:
        return 0
    return int(words[1]) * 1024  # its first line: MemTotal, in KiB


def _number(path: Path) -> int:
    try:
        text = path.read_text().strip()
    except OSError:
        return 0
    number = 0 if text == "max" else int(text)
    return 0 if number > _UNLIMITED else number


def _entry(path: Path) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    counts = dict(line.split(maxsplit=1) for line in lines)
    return int(counts.get("oom_kill", 0))
