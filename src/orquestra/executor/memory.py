"""The memory of a node, as the kernel counts it for its container (cgroup v1 and v2)."""

from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60


@dataclass(frozen=True, kw_only=True)
class NodeMemory:
    """Bytes at the peak and at most, and how many processes the kernel has killed for memory."""

    peak: int
    limit: int
    oom_kills: int


def read_node_memory(cgroups: Path = _CGROUPS) -> NodeMemory:
    """Read the counters; zeros where there are none, as in a process outside a container."""
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
