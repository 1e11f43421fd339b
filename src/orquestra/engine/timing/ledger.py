"""Splitting the time of every attempt by what passed in it."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.engine.runs.tasks import Attempt
from orquestra.engine.timing.images import advice, image_costs
from orquestra.sdk.schema import api

_DIGITS = 6  # microseconds


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What is recorded of a run. `now` ends what has not ended.

    Attributes:
        attempts: In the order in which they are to be shown.
        nodes: Of the run's pools, while it lasted, oldest first.
        pools: By the pool's id.
        pool_of: The pool of whatever was attempted: an invocation, or an element of a map.
        function_of: The name of the function that it calls.
    """

    attempts: Sequence[Attempt]
    nodes: Sequence[Node]
    pools: Mapping[str, ClusterPool]
    pool_of: Mapping[str, str]
    function_of: Mapping[str, str]
    now: datetime


def run_timing(recorded: Recorded) -> api.RunTiming:
    """The ledger of a run, with advice."""
    nodes = {node.id: node for node in recorded.nodes}
    attempts = [
        _attempt(attempt, node=nodes.get(attempt.node_id or ""), recorded=recorded)
        for attempt in recorded.attempts
    ]
    costs = [
        image_costs(image, attempts=attempts, nodes=recorded.nodes, pools=recorded.pools)
        for image in sorted({pool.image for pool in recorded.pools.values()})
    ]
    return api.RunTiming(
        attempts=attempts,
        images=[cost.timing for cost in costs],
        advice=[sentence for cost in costs if (sentence := advice(cost))],
    )


def durations(attempt: Attempt, *, node: Node | None, now: datetime) -> api.Durations:
    """What became of the time of an attempt: its wait, by what its node did then, and its run."""
    ended_at = attempt.ended_at or now
    begin = attempt.started_at or ended_at
    ready = attempt.ready_at or begin
    edges = [begin, begin, begin, begin] if node is None else _edges(attempt, node=node, end=begin)
    pulling, booting, environment = (
        _overlap(ready, begin, start=start, end=end) for start, end in itertools.pairwise(edges)
    )
    waited = max((begin - ready).total_seconds(), 0)
    running = (ended_at - begin).total_seconds() if attempt.started_at else 0
    return api.Durations(
        queued=round(max(waited - pulling - booting - environment, 0), _DIGITS),
        pulling=pulling,
        booting=booting,
        environment=environment,
        running=max(running, 0),
    )


def _edges(attempt: Attempt, *, node: Node, end: datetime) -> list[datetime]:
    """When the node was asked for, had its image, had joined, and had a worker; ever later."""
    edges = [node.requested_at]
    for moment in (node.pulled_at, node.joined_at, attempt.worker_ready_at):
        # What was not recorded took no time; it is in what comes next.
        edges.append(max(moment or edges[-1], edges[-1]))
    return [min(edge, end) for edge in edges]


def _overlap(ready: datetime, begin: datetime, *, start: datetime, end: datetime) -> float:
    return max((min(begin, end) - max(ready, start)).total_seconds(), 0)


def _attempt(attempt: Attempt, *, node: Node | None, recorded: Recorded) -> api.AttemptTiming:
    return api.AttemptTiming(
        invocation_id=attempt.invocation_id,
        function_name=recorded.function_of[attempt.invocation_id],
        attempt=attempt.attempt,
        image=recorded.pools[recorded.pool_of[attempt.invocation_id]].image,
        node=attempt.node_id,
        state=attempt.state,
        ready_time=attempt.ready_at,
        durations=durations(attempt, node=node, now=recorded.now),
    )
