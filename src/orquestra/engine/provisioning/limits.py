"""Resource limits of the host that no container may exceed.

An OCI runtime sets the limits of a container's first process. Raising one above the host's hard
limit needs a capability that is missing inside virtual machines and sandboxes, so we read the
limits instead of choosing them.
"""

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

_WANTED_OPEN_FILES = 65_536
"""What Ray asks for: each of its processes holds many connections."""
_PID_MAX = Path("/proc/sys/kernel/pid_max")


@dataclass(frozen=True, kw_only=True)
class HostLimits:
    """Open files and processes that a container may have; None leaves the engine's default."""

    open_files: int
    processes: int | None


def read_host_limits() -> HostLimits:
    """The limits of this machine.

    On a Mac the containers run in a virtual machine, whose processes ours say nothing about.
    """
    open_files = _hard(resource.RLIMIT_NOFILE, at_most=_WANTED_OPEN_FILES)
    if sys.platform != "linux":
        return HostLimits(open_files=open_files, processes=None)
    # podman lowers its own limit to pid_max, so that is the highest it can give away.
    processes = _hard(resource.RLIMIT_NPROC, at_most=int(_PID_MAX.read_text()))
    return HostLimits(open_files=open_files, processes=processes)


def _hard(which: int, *, at_most: int) -> int:
    hard = resource.getrlimit(which)[1]
    return at_most if hard == resource.RLIM_INFINITY else min(hard, at_most)
