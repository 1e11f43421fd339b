"""The maps of a run: how many elements each has, and where the results of those lie by now.

A map is counted, then each of its elements runs, then the results are gathered; only then does its
invocation count as ended. Pure, like the graph, to which a map is one step.
"""

from collections.abc import Iterator, Mapping, Sequence

from orquestra.executor.protocol import Counted
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location, RunPlan

MOST_ELEMENTS = 1_000_000
"""Elements of one map: the executor and the engine note something of each."""


class OpenMap:
    """A map of known length."""

    __slots__ = ("_missing", "digests", "values")

    def __init__(
        self, values: list[Location | None], digests: Mapping[str, Sequence[bytes]]
    ) -> None:
        """`values` are those of the elements, None where they have not run.

        `digests` are those of what the elements get, by the places of arguments.
        """
        self.values = values
        self.digests = digests
        self._missing = sum(value is None for value in values)

    def left(self) -> Iterator[int]:
        """The elements that have not run."""
        return (index for index, value in enumerate(self.values) if value is None)

    def put(self, index: int, value: Location) -> bool:
        """Note where the result of an element lies. True: it was the last one."""
        self.values[index] = value
        self._missing -= 1
        return self._missing == 0

    def is_complete(self) -> bool:
        """Whether all elements have run."""
        return self._missing == 0

    def located(self) -> Iterator[Location]:
        """Where the results lie, in order."""
        return (value for value in self.values if value is not None)


class Maps:
    """The maps among the invocations of a run."""

    def __init__(self, definition: ir.WorkflowDef, plan: RunPlan) -> None:
        self._invocations = {
            invocation.id: invocation
            for invocation in definition.task_invocations.values()
            if invocation.map_over is not None
        }
        self._lengths = plan.lengths
        self._open: dict[ir.TaskInvocationId, OpenMap] = {}
        self._stored = self._stored_elements(plan) if self._invocations else {}
        self.artifacts: dict[ir.TaskInvocationId, ir.ArtifactNodeId] = {
            invocation.id: invocation.output_ids[0] for invocation in self._invocations.values()
        }

    def __contains__(self, invocation_id: object) -> bool:
        return invocation_id in self._invocations

    def __getitem__(self, invocation_id: ir.TaskInvocationId) -> OpenMap:
        return self._open[invocation_id]

    def known_length(self, invocation_id: ir.TaskInvocationId) -> int | None:
        """What an earlier head has found."""
        return self._lengths.get(invocation_id)

    def open(self, invocation_id: ir.TaskInvocationId, counted: Counted) -> OpenMap:
        """Note the length of a map."""
        values: list[Location | None] = [None] * counted.length
        for index, location in self._stored.pop(invocation_id, {}).items():
            if index < counted.length:
                values[index] = location
        opened = self._open[invocation_id] = OpenMap(values, counted.digests)
        return opened

    def close(self, invocation_id: ir.TaskInvocationId) -> None:
        """Forget the elements of a map whose list has been made."""
        self._open.pop(invocation_id, None)
        self._stored.pop(invocation_id, None)

    def stored(self) -> Iterator[tuple[ir.TaskInvocationId, int]]:
        """The elements whose results are there already."""
        for invocation_id, found in self._stored.items():
            for index in found:
                yield invocation_id, index

    def _stored_elements(self, plan: RunPlan) -> dict[ir.TaskInvocationId, dict[int, Location]]:
        makers = {each.output_ids[0]: each.id for each in self._invocations.values()}
        stored: dict[ir.TaskInvocationId, dict[int, Location]] = {}
        for value in plan.stored:
            base, index = ir.split_element_id(value.artifact_id)
            maker = makers.get(ir.ArtifactNodeId(base))
            if index is not None and maker is not None:
                stored.setdefault(maker, {})[index] = value.location
        return stored


def mapped(invocation: ir.TaskInvocation) -> Mapping[int | str, str]:
    """The arguments that a map goes over, by position or name."""
    return {
        place: invocation.args_ids[place]
        if isinstance(place, int)
        else invocation.kwargs_ids[place]
        for place in invocation.map_over or ()
    }
