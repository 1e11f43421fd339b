"""The graph of a run: what each invocation needs and makes, and which ones can run now.

Pure: knows nothing of Ray, of time, or of the engine.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orquestra.executor.errors import BadGraph
from orquestra.sdk.schema import ir


@dataclass(frozen=True, kw_only=True)
class Step:
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
    used = _used_artifacts(definition)
    steps = {
        invocation.id: Step(
            invocation_id=invocation.id,
            needs=_needs(invocation, definition),
            keeps=tuple(
                artifact_id
                for artifact_id in invocation.output_ids
                if artifact_id in used
                or definition.artifact_nodes[artifact_id].artifact_index is None
            ),
        )
        for invocation in definition.task_invocations.values()
    }
    _check(steps)
    return steps


def task_name(definition: ir.WorkflowDef, invocation_id: ir.TaskInvocationId) -> str:
    """The name of a task's function, as a user knows it."""
    task_id = definition.task_invocations[invocation_id].task_id
    return definition.tasks[task_id].fn_ref.function_name


def _used_artifacts(definition: ir.WorkflowDef) -> set[str]:
    arguments = (
        argument_id
        for invocation in definition.task_invocations.values()
        for argument_id in invocation.argument_ids()
    )
    return {*arguments, *definition.output_ids}


def _needs(
    invocation: ir.TaskInvocation, definition: ir.WorkflowDef
) -> frozenset[ir.ArtifactNodeId]:
    return frozenset(
        ir.ArtifactNodeId(argument_id)
        for argument_id in invocation.argument_ids()
        if argument_id in definition.artifact_nodes
    )


def _check(steps: Mapping[ir.TaskInvocationId, Step]) -> None:
    made = {artifact_id for step in steps.values() for artifact_id in step.keeps}
    for step in steps.values():
        missing = step.needs - made
        if missing:
            raise BadGraph(
                f"{step.invocation_id} needs {min(missing)}, which no task of the workflow makes; "
                "submit the workflow again with a current SDK"
            )
    walk = Walk(steps, stored=())
    for invocation_id in walk:
        walk.complete(invocation_id)
    if not walk.is_finished():
        raise BadGraph("The tasks of the workflow wait for each other in a circle")


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
        self.done = tuple(
            name for name, step in steps.items() if step.keeps and present >= {*step.keeps}
        )
        """What does not run, since its artifacts exist already."""
        done = frozenset(self.done)
        self._consumers: dict[ir.ArtifactNodeId, list[ir.TaskInvocationId]] = defaultdict(list)
        self._waits_for: dict[ir.TaskInvocationId, int] = {}
        self._uses_left: Counter[ir.ArtifactNodeId] = Counter()
        available = {artifact for name in done for artifact in steps[name].keeps}
        for name, step in steps.items():
            if name not in done:
                self._enter(step, available)
        self._open = len(self._waits_for)
        self._ready = deque(name for name, count in self._waits_for.items() if count == 0)

    def _enter(self, step: Step, available: set[ir.ArtifactNodeId]) -> None:
        self._uses_left.update(step.needs)
        missing = step.needs - available
        self._waits_for[step.invocation_id] = len(missing)
        for artifact_id in missing:
            self._consumers[artifact_id].append(step.invocation_id)

    def __iter__(self) -> "Walk":
        return self

    def __next__(self) -> ir.TaskInvocationId:
        if not self._ready:
            raise StopIteration
        return self._ready.popleft()

    def complete(self, invocation_id: ir.TaskInvocationId) -> list[ir.ArtifactNodeId]:
        """Note that an invocation has succeeded.

        Returns:
            Artifacts that no invocation still to be completed needs.
        """
        step = self._steps[invocation_id]
        self._open -= 1
        for artifact_id in step.keeps:
            for consumer in self._consumers.pop(artifact_id, ()):
                self._waits_for[consumer] -= 1
                if self._waits_for[consumer] == 0:
                    self._ready.append(consumer)
        self._uses_left.subtract(step.needs)
        return [
            artifact_id
            for artifact_id in (*sorted(step.needs), *step.keeps)
            if self._uses_left[artifact_id] == 0
        ]

    def is_finished(self) -> bool:
        """Whether every invocation has been completed."""
        return self._open == 0
