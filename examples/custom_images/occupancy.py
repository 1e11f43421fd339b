"""How many nodes there were, when, and which tasks ran on them: sums over `nodes.json`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TaskSpan:
    """One attempt of a task on a node. Times are seconds since the submission."""

    label: str
    start: float
    end: float
    succeeded: bool


@dataclass(frozen=True, kw_only=True)
class NodeLife:
    """One node from its request to its end; it never joined where `joined` is None."""

    id: str
    requested: float
    joined: float | None
    ended: float
    tasks: tuple[TaskSpan, ...]


@dataclass(frozen=True, kw_only=True)
class PoolHistory:
    """All nodes of one image, and how many there may be at once."""

    image: str
    cap: int
    nodes: tuple[NodeLife, ...]


def read_history(document: dict[str, Any]) -> list[PoolHistory]:
    """The content of `nodes.json`. What has not ended is taken to end when the file was made."""
    since = _Clock(
        zero=datetime.fromisoformat(document["submitted"]),
        now=datetime.fromisoformat(document["written"]),
    )
    return [
        PoolHistory(
            image=pool["image"],
            cap=pool["max_nodes"],
            nodes=tuple(_node(node, since) for node in pool["nodes"]),
        )
        for pool in document["pools"]
    ]


def count_steps(nodes: Iterable[NodeLife]) -> list[tuple[float, int]]:
    """Times at which the number of nodes changed, each with the number from then on.

    A node counts from its request on, not from its join: that is what the cap is about.
    """
    changes: dict[float, int] = {}
    for node in nodes:
        changes[node.requested] = changes.get(node.requested, 0) + 1
        changes[node.ended] = changes.get(node.ended, 0) - 1
    times = sorted(changes)
    return list(zip(times, accumulate(changes[time] for time in times), strict=True))


def peak(nodes: Iterable[NodeLife]) -> int:
    """The most nodes at any one instant."""
    return max((count for _, count in count_steps(nodes)), default=0)


def last_end(pools: Sequence[PoolHistory]) -> float:
    """When the last node was gone."""
    return max((node.ended for pool in pools for node in pool.nodes), default=0.0)


@dataclass(frozen=True, kw_only=True)
class _Clock:
    zero: datetime
    now: datetime

    def seconds(self, text: str) -> float:
        return (datetime.fromisoformat(text) - self.zero).total_seconds()

    def end(self, text: str | None) -> float:
        return self.seconds(text or self.now.isoformat())


def _node(node: dict[str, Any], since: _Clock) -> NodeLife:
    return NodeLife(
        id=node["id"],
        requested=since.seconds(node["request_time"]),
        joined=since.seconds(node["start_time"]) if node["start_time"] else None,
        ended=since.end(node["end_time"]),
        tasks=tuple(
            TaskSpan(
                label=task["label"],
                start=since.seconds(task["start_time"]),
                end=since.end(task["end_time"]),
                succeeded=task["state"] == "SUCCEEDED",
            )
            for task in node["tasks"]
        ),
    )
