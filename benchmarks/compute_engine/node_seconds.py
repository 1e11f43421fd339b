"""What nodes cost, and what they would have to cost at least."""

from collections.abc import Iterable
from datetime import datetime

from orquestra.sdk.schema import api


def node_seconds(pools: Iterable[api.Pool]) -> float:
    """Seconds for which nodes were there, from the start of each to its end.

    Raises:
        ValueError: a node is still there.
    """
    return sum(
        _seconds(node.start_time, node.end_time)
        for pool in pools
        for node in pool.nodes
        if node.start_time
    )


def lower_bound(pools: Iterable[api.Pool], *, cores: float) -> float:
    """Node-seconds that no plan goes below, where each task takes that many cores.

    For each pool: the sum over its tasks of seconds x cores, divided by the cores of a node. That
    is what nodes would cost that start in no time, are full while they are there, and go at once.
    """
    return sum(
        _seconds(task.start_time, task.end_time) * cores / pool.cpu
        for pool in pools
        for node in pool.nodes
        for task in node.tasks
    )


def _seconds(begin: datetime, end: datetime | None) -> float:
    if end is None:
        raise ValueError("A node or a task has not ended; count once the run is over.")
    return (end - begin).total_seconds()
