"""Why a run or a task waits, in words. Nothing waits without a reason."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.tables import ClusterPool, Run
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.nodes import store as nodes
from orquestra.engine.runs import store
from orquestra.engine.runs.tasks import Task
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import HOST_IMAGE, NodeState
from orquestra.sdk.schema.workflow_run import State


async def why_not_begun(session: AsyncSession, run: Run) -> str | None:
    """What a run waits for that has not begun; None for one that has."""
    if run.state is not State.WAITING:
        return None
    cluster = await clusters.get(session, run.cluster_id)
    if cluster is None or cluster.head_began_at is not None:
        return "Its run cluster is up and is about to begin it."
    if cluster.head_launched_at is not None:
        return "The head of its run cluster is starting."
    return f"The head of its run cluster is not launched yet; its image is {cluster.head_image}."


async def places(session: AsyncSession, run: Run) -> dict[str, str]:
    """What tasks wait for whose inputs are there, by invocation; of a run that has begun."""
    if run.state is not State.RUNNING:
        return {}
    states: defaultdict[str, Counter[NodeState]] = defaultdict(Counter)
    for node in await nodes.during(session, run):
        states[node.pool_id][node.state] += 1
    words = {
        pool.id: _of_pool(pool, states[pool.id]) for pool, _ in await store.pools(session, run)
    }
    return {
        invocation_id: words[pool.pool_id]
        for pool in await store.run_pools(session, run.id)
        if pool.pool_id in words
        for invocation_id in pool.invocations
    }


def explained(
    run: Run,
    tasks: Sequence[Task],
    *,
    reason: str | None,
    definition: ParsedDefinition,
    places: Mapping[str, str],
) -> list[Task]:
    """The same tasks; those that wait and do not say why yet, do.

    `reason` is the run's own, `places` are those of its tasks.
    """
    if not any(map(_waits_silently, tasks)):
        return list(tasks)
    states = {task.invocation_id: task.state for task in tasks}
    explain = _Explainer(run=run, own=reason, definition=definition, places=places)
    return [
        replace(task, message=explain.why(task.invocation_id, states))
        if _waits_silently(task)
        else task
        for task in tasks
    ]


def _waits_silently(task: Task) -> bool:
    return task.state is State.WAITING and not task.message


@dataclass(frozen=True, kw_only=True)
class _Explainer:
    """What there is to know of a run. `own` is why itself waits; `places` are words by task."""

    run: Run
    own: str | None
    definition: ParsedDefinition
    places: Mapping[str, str]

    def why(self, invocation_id: str, states: Mapping[str, State]) -> str:
        """Why a task waits of which nothing has been attempted."""
        if not self.run.executing:
            return "It had not begun when the run ended."
        if self.run.state.is_completed():
            return "It will not begin, since another task of the run has failed."
        if self.own:
            return self.own
        missing = self._first_missing(invocation_id, states)
        if missing:
            return f"Waits for the result of {self.definition.task_name(missing)}."
        return self.places.get(invocation_id, "Waits for a place on a node.")

    def _first_missing(self, invocation_id: str, states: Mapping[str, State]) -> str | None:
        document = self.definition.document
        invocation = document.task_invocations[ir.TaskInvocationId(invocation_id)]
        for leaf in document.leaves(invocation.argument_ids()):
            producer = self.definition.producers.get(ir.ArtifactNodeId(leaf))
            if producer is not None and states[producer] is not State.SUCCEEDED:
                return producer
        return None


def _of_pool(pool: ClusterPool, states: Mapping[NodeState, int]) -> str:
    """What a pool does for those who wait; the image at the end, since its name may be long."""
    what = "this machine" if pool.image == HOST_IMAGE else f"image {pool.image}"
    ready = states[NodeState.READY]
    if ready:
        return f"Waits for a place on {ready} {'node' if ready == 1 else 'nodes'} of {what}."
    if states[NodeState.STARTING]:
        return f"A node is starting, of {what}."
    if states[NodeState.PULLING]:
        return f"A node waits until its image is pulled: {pool.image}."
    if states[NodeState.REQUESTED]:
        return f"A node was requested, of {what}."
    return f"A node is to be requested, of {what}."
