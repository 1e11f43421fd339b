"""Looking ahead: when the first task of a pool can become ready, and which pools are done with.

Pure. Reading a graph costs its edges once for each pool that is looked at; after that, an
invocation that has ended costs as much as there are such pools, and a question as much as the
graph is deep.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from orquestra.executor.graph import Step
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolId

UNKNOWN_DURATION = timedelta(seconds=1)
"""What a task is expected to take of which nothing is known."""

UNKNOWN_BOOT = timedelta(seconds=8)
"""What the first worker of a pool is expected to take until it is up."""

Lasting = Callable[[ir.TaskInvocationId, int], float]
"""How long so many tasks like this one take together (seconds)."""


class _Approach:
    """What has to end before the first task of a pool can begin, by depth and definition."""

    def __init__(self, entry: ir.TaskInvocationId) -> None:
        self.entry = entry
        self.levels: dict[int, Counter[ir.TaskDefId]] = defaultdict(Counter)
        self.samples: dict[ir.TaskDefId, ir.TaskInvocationId] = {}

    def add(self, invocation: ir.TaskInvocation, depth: int) -> None:
        self.levels[depth][invocation.task_id] += 1
        self.samples[invocation.task_id] = invocation.id

    def grow(self, task_id: ir.TaskDefId, depth: int, by: int) -> None:
        if by:
            self.levels[depth][task_id] += by

    def take(self, task_id: ir.TaskDefId, depth: int) -> None:
        level = self.levels[depth]
        level[task_id] -= 1
        if not level[task_id]:
            del level[task_id]
        if not level:
            del self.levels[depth]

    def ends_within(self, seconds: float, lasting: Lasting) -> bool:
        total = 0.0
        for level in self.levels.values():
            total += max(lasting(self.samples[task], count) for task, count in level.items())
            if total > seconds:
                return False
        return True


class Outlook:
    """What of a run is still to come, pool by pool."""

    def __init__(
        self,
        definition: ir.WorkflowDef,
        steps: Mapping[ir.TaskInvocationId, Step],
        *,
        pool_of: Mapping[ir.TaskInvocationId, PoolId],
        done: Iterable[ir.TaskInvocationId],
    ) -> None:
        """Look at a run of which some invocations need not run again."""
        self._invocations = definition.task_invocations
        self._pool_of = pool_of
        self._steps = steps
        self._left = Counter(pool_of.values())
        self._makers: dict[ir.ArtifactNodeId, ir.TaskInvocationId] = {}
        self._depths: dict[ir.TaskInvocationId, int] = {}
        self._approaches: dict[PoolId, _Approach] = {}
        self._heads: dict[ir.TaskInvocationId, list[_Approach]] = defaultdict(list)
        if len(self._left) > 1:
            self._makers = _makers(steps)
            self._depths = _depths(steps, self._makers)
            self._read_approaches()
        for invocation_id in done:
            self.complete(invocation_id)

    def pools(self) -> set[PoolId]:
        """The pools that some task of the run will use, or uses now."""
        return {pool_id for pool_id, count in self._left.items() if count}

    def complete(self, invocation_id: ir.TaskInvocationId) -> None:
        """Note that an invocation has succeeded."""
        self._left[self._pool_of[invocation_id]] -= 1
        if self._heads:
            self.complete_element(invocation_id)
            self._heads.pop(invocation_id, None)

    def open(self, invocation_id: ir.TaskInvocationId, left: int) -> None:
        """Note that so many elements of a map are to run, and then what gathers their results."""
        for approach in self._heads.get(invocation_id, ()):
            approach.grow(self._task(invocation_id), self._depths[invocation_id], left)

    def complete_element(self, invocation_id: ir.TaskInvocationId) -> None:
        """Note that one of these elements has succeeded."""
        for approach in self._heads.get(invocation_id, ()):
            approach.take(self._task(invocation_id), self._depths[invocation_id])

    def due(self, boot: Callable[[PoolId], float], lasting: Lasting) -> list[ir.TaskInvocationId]:
        """The first tasks of pools that can become ready while a worker comes up; each once."""
        found = [
            pool_id
            for pool_id, approach in self._approaches.items()
            if approach.ends_within(boot(pool_id), lasting)
        ]
        return [self._approaches.pop(pool_id).entry for pool_id in found]

    def _task(self, invocation_id: ir.TaskInvocationId) -> ir.TaskDefId:
        return self._invocations[invocation_id].task_id

    def _read_approaches(self) -> None:
        entries: dict[PoolId, ir.TaskInvocationId] = {}
        for invocation_id, depth in self._depths.items():
            first = entries.setdefault(self._pool_of[invocation_id], invocation_id)
            if depth < self._depths[first]:
                entries[self._pool_of[invocation_id]] = invocation_id
        for pool_id, entry in entries.items():
            if self._depths[entry]:
                self._approaches[pool_id] = self._read_approach(entry)

    def _read_approach(self, entry: ir.TaskInvocationId) -> _Approach:
        approach = _Approach(entry)
        seen = {entry}
        open_ends = [entry]
        while open_ends:
            for artifact_id in self._steps[open_ends.pop()].needs:
                maker = self._makers[artifact_id]
                if maker not in seen:
                    seen.add(maker)
                    open_ends.append(maker)
                    approach.add(self._invocations[maker], self._depths[maker])
                    self._heads[maker].append(approach)
        return approach


def _makers(
    steps: Mapping[ir.TaskInvocationId, Step],
) -> dict[ir.ArtifactNodeId, ir.TaskInvocationId]:
    return {artifact_id: name for name, step in steps.items() for artifact_id in step.keeps}


def _depths(
    steps: Mapping[ir.TaskInvocationId, Step],
    makers: Mapping[ir.ArtifactNodeId, ir.TaskInvocationId],
) -> dict[ir.TaskInvocationId, int]:
    """How many invocations stand one behind the other before each."""
    depths: dict[ir.TaskInvocationId, int] = {}
    for start in steps:
        stack = [start]
        while stack:
            name = stack[-1]
            before = {makers[artifact_id] for artifact_id in steps[name].needs}
            missing = [maker for maker in before if maker not in depths]
            if missing:
                stack.extend(missing)
            else:
                depths[name] = max((depths[maker] + 1 for maker in before), default=0)
                stack.pop()
    return depths
