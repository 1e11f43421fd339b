"""What the local runtime of release 1.1 stored for each task."""

from typing import Any, NamedTuple


class TaskResult(NamedTuple):
    """The value that a task returned, as a whole and as its outputs."""

    packed: Any
    unpacked: Any
