"""What this machine offers to one node that runs on it without a container."""

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

import psutil

from orquestra.engine.provisioning.contract import Capacity
from orquestra.sdk.schema.cluster import NodeSize

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_GPU = re.compile(r"nvidia[0-9]+")
_UNLIMITED = 2**60
"""Control groups of the first version write a number about this large for "no limit"."""


def host_capacity(*, simulated_gpus: int = 0, root: Path = Path("/")) -> Capacity:
    """CPUs and memory that this process may use, and the machine's GPUs, or simulated ones.

    `root` is where `/proc`, `/sys` and `/dev` lie.
    """
    machine = platform.machine()
    return Capacity(
        size=NodeSize(
            cpu=_cpus(root), memory=_memory(root), gpu=simulated_gpus or _count_gpus(root)
        ),
        architecture=_ARCHITECTURES.get(machine, machine),
    )


def _cpus(root: Path) -> float:
    """The affinity, and below it what a control group gives, in whole CPUs."""
    if not hasattr(os, "sched_getaffinity"):  # macOS
        return os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0))
    quotas = [quota for group in _groups(root, "cpu") for quota in _quotas(group)]
    return max(1, int(min([allowed, *quotas])))


def _quotas(group: Path) -> Iterator[float]:
    """CPUs that a control group limits its processes to, in either version's words."""
    limit, _, period = _read(group / "cpu.max").partition(" ")
    if not limit:
        limit = _read(group / "cpu.cfs_quota_us")
        period = _read(group / "cpu.cfs_period_us")
    if limit.isdigit() and period.isdigit():
        yield int(limit) / int(period)


def _memory(root: Path) -> int:
    limits = [
        int(text)
        for group in _groups(root, "memory")
        for name in ("memory.max", "memory.limit_in_bytes")
        if (text := _read(group / name)).isdigit() and int(text) < _UNLIMITED
    ]
    return min([psutil.virtual_memory().total, *limits])


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The control groups that limit this process: its own and those above it."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", maxsplit=2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controller if controllers else "")
        group = top / path.lstrip("/")
        # Inside a container the path may be one of the machine's, which is not there.
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _count_gpus(root: Path) -> int:
    return sum(bool(_GPU.fullmatch(path.name)) for path in (root / "dev").glob("nvidia*"))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
