"""The graph of a run: what each invocation needs and makes, and which ones can run now.

Pure: knows nothing of Ray, of time, or of the engine.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from orquestra.executor.errors import BadGraph
from orquestra.sdk.schema import ir

_DEEPEST = 100
"""Collections inside each other."""

_NARROW = 4
"""Consumers of an artifact beyond which nobody looks for a chain behind it."""


class Step(NamedTuple):
    """One invocation in the graph: the artifacts it needs, and those that are kept of it.

    The packed artifact is always kept, an unpacked one only where something uses it. Definitions
    of old releases may have no packed artifact at all.
    """

    invocation_id: ir.TaskInvocationId
    needs: frozenset[ir.ArtifactNodeId]
    keeps: tuple[ir.ArtifactNodeId, ...]


def read_graph(definition: ir.WorkflowDef) -> dict[ir.TaskInvocationId, Step]:
    """All steps of a definition.

    Raises:
        BadGraph: an artifact is needed that no invocation makes, or there is a circle.
    """
    nodes = definition.artifact_nodes
    invocations = definition.task_invocations.values()
    _check_collections(definition.collection_nodes)
    leaves = definition.leaves if definition.collection_nodes else iter
    needs = [
        frozenset([name for name in leaves(invocation.argument_ids()) if name in nodes])
        for invocation in invocations
    ]
    parts = {name for name, node in nodes.items() if node.artifact_index is not None}
    unused = parts.difference(definition.output_ids, *needs) if parts else parts
    steps = {
        invocation.id: Step(
            invocation.id,
            cast("frozenset[ir.ArtifactNodeId]", needed),
            tuple([made for made in invocation.output_ids if made not in unused]),
        )
        for invocation, needed in zip(invocations, needs, strict=True)
    }
    _check(steps)
    return steps


def task_name(definition: ir.WorkflowDef, invocation_id: ir.TaskInvocationId) -> str:
    """The name of a task's function, as a user knows it."""
    task_id = definition.task_invocations[invocation_id].task_id
    return definition.tasks[task_id].fn_ref.function_name


def _check_collections(nodes: Mapping[ir.CollectionNodeId, ir.CollectionNode]) -> None:
    """Make sure that collections can be built: none is in itself, and none is very deep."""
    heights: dict[str, int] = {}
    for start in nodes:
        path = [(start, _inner(nodes, start))]
        while path:
            name, rest = path[-1]
            below = next((each for each in rest if each not in heights), None)
            if below is not None:
                path.append((below, _inner(nodes, below)))
            else:
                path.pop()
                inner = _inner(nodes, name)
                heights[name] = 1 + max((heights[each] for each in inner), default=0)
            if len(path) > _DEEPEST or heights.get(name, 0) > _DEEPEST:
                raise BadGraph(
                    f"The collection {name} holds itself, or collections inside each other more "
                    f"than {_DEEPEST} deep. Pass a flatter collection to the task."
                )


def _inner(
    nodes: Mapping[ir.CollectionNodeId, ir.CollectionNode], name: str
) -> Iterator[ir.CollectionNodeId]:
    node = nodes[ir.CollectionNodeId(name)]
    inner = map(ir.CollectionNodeId, (*node.keys, *node.items))
    return (each for each in inner if each in nodes)


def _check(steps: Mapping[ir.TaskInvocationId, Step]) -> None:
    if _is_in_order(steps):
        return
    made = {artifact_id for step in steps.values() for artifact_id in step.keeps}
    for step in steps.values():
        if not step.needs <= made:
            raise BadGraph(
                f"{step.invocation_id} needs {min(step.needs - made)}, which no task of the "
                "workflow makes; submit the workflow again with a current SDK"
            )
    walk = Walk(steps, stored=())
    for invocation_id in walk:
        walk.complete(invocation_id)
    if not walk.is_finished():
        raise BadGraph("The tasks of the workflow wait for each other in a circle")


def _is_in_order(steps: Mapping[ir.TaskInvocationId, Step]) -> bool:
    """Whether each step only needs what those before it make, as the SDK writes them."""
    made: set[ir.ArtifactNodeId] = set()
    for step in steps.values():
        if not step.needs <= made:
            return False
        made.update(step.keeps)
    return True


class Walk:
    """One way through a graph. Iterating takes the invocations that are ready at this moment.

    Every invocation is given out exactly once, after all invocations that it needs have been
    completed. The cost is proportional to the number of edges.
    """

    def __init__(
        self,
        steps: Mapping[ir.TaskInvocationId, Step],
        *,
        stored: Iterable[ir.ArtifactNodeId],
    ) -> None:
        """Begin with the artifacts that exist already; what made them does not run again."""
        present = frozenset(stored)
        self._steps = steps
        self.done = (
            tuple(
                name
                for name, step in steps.items()
                if step.keeps and present.issuperset(step.keeps)
            )
            if present
            else ()
        )
        """What does not run, since its artifacts exist already."""
        done = frozenset(self.done)
        self._consumers: dict[ir.ArtifactNodeId, list[ir.TaskInvocationId]] = defaultdict(list)
        self._waits_for: dict[ir.TaskInvocationId, int] = {}
        available = frozenset(artifact for name in done for artifact in steps[name].keeps)
        for name, step in steps.items():
            if name not in done:
                missing = step.needs - available
                self._waits_for[name] = len(missing)
                for artifact_id in missing:
                    self._consumers[artifact_id].append(name)
        self._open = len(self._waits_for)
        self._ready = deque(name for name, count in self._waits_for.items() if count == 0)

    def __iter__(self) -> "Walk":
        return self

    def __next__(self) -> ir.TaskInvocationId:
        if not self._ready:
            raise StopIteration
        return self._ready.popleft()

    def has_ready(self) -> bool:
        """Whether iterating would give an invocation now."""
        return bool(self._ready)

    def complete(self, invocation_id: ir.TaskInvocationId) -> None:
        """Note that an invocation has succeeded."""
        self._open -= 1
        for artifact_id in self._steps[invocation_id].keeps:
            for consumer in self._consumers.pop(artifact_id, ()):
                self._waits_for[consumer] -= 1
                if self._waits_for[consumer] == 0:
                    self._ready.append(consumer)

    def is_finished(self) -> bool:
        """Whether every invocation has been completed."""
        return self._open == 0

    def behind(
        self,
        invocation_id: ir.TaskInvocationId,
        *,
        fits: Callable[[ir.TaskInvocationId], bool],
        at_most: int,
    ) -> Iterator[ir.TaskInvocationId]:
        """The chain that begins behind an invocation which runs now.

        Each member is the only one that can run once those before it have ended. The chain ends
        where a member does not fit, or where the graph gets wider.
        """
        missing: dict[ir.TaskInvocationId, int] = {}
        last = invocation_id
        for _ in range(at_most):
            follower = self._only_next(last, missing=missing)
            if follower is None or not fits(follower):
                return
            yield follower
            last = follower

    def _only_next(
        self, invocation_id: ir.TaskInvocationId, *, missing: dict[ir.TaskInvocationId, int]
    ) -> ir.TaskInvocationId | None:
        found = None
        for artifact_id in self._steps[invocation_id].keeps:
            consumers = self._consumers.get(artifact_id, ())
            if len(consumers) > _NARROW:
                return None
            for consumer in consumers:
                missing[consumer] = missing.get(consumer, self._waits_for[consumer]) - 1
                if missing[consumer] == 0:
                    if found:
                        return None
                    found = consumer
        return found
