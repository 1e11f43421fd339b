"""What there is to run: jobs, kinds of jobs, and the lines in which they wait.

Pure, like all of scheduling; everything here costs the same however much is waiting.
"""

from collections import deque
from typing import TYPE_CHECKING

from orquestra.executor.protocol import FunctionKey, Work
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import WorkflowRunId

if TYPE_CHECKING:
    from orquestra.executor.teams import Team, Worker

UNKNOWN = 0.005
"""Seconds that a job of a kind never measured counts in the load of a worker."""

_MEMORY = 20
"""The mean follows about so many of the latest jobs."""


class Kind:
    """Jobs of one task definition in one environment, and how long they take (seconds).

    What is done before and after the elements of a map takes another time than they do: it is of
    another kind.
    """

    __slots__ = ("_count", "function", "mean", "team", "waiting", "work")

    def __init__(self, function: FunctionKey, team: "Team", work: Work = "task") -> None:
        self.function = function
        self.work = work
        self.team = team
        self.mean: float | None = None
        self.waiting = 0
        self._count = 0

    def measure(self, seconds: float) -> None:
        """Note how long a job took."""
        self._count = min(self._count + 1, _MEMORY)
        mean = self.mean or 0.0
        self._expect(mean + (seconds - mean) / self._count)

    def at_least(self, seconds: float) -> None:
        """Note that a job which has not ended has taken so long."""
        if self.mean is None or self.mean < seconds:
            self._expect(seconds)

    def _expect(self, mean: float) -> None:
        self.team.seconds += self.waiting * (mean - (self.mean or 0.0))
        if self.mean is None:
            self.team.unknown -= self.waiting
        self.mean = mean


class Job:
    """One invocation that is to run, or one `element` of a map.

    Its attempts are counted and told under its `name`; `attempt` is set when it is sent to a
    worker. `ahead`: sent before its inputs are there, behind the job that makes them. `cache_key`:
    under which its result is to be remembered.
    """

    __slots__ = (
        "ahead",
        "attempt",
        "cache_key",
        "element",
        "invocation_id",
        "kind",
        "load",
        "name",
        "ready_at",
        "run_id",
    )

    def __init__(
        self,
        run_id: WorkflowRunId,
        invocation_id: ir.TaskInvocationId,
        kind: Kind,
        ready_at: float,
        element: int | None = None,
    ) -> None:
        self.run_id = run_id
        self.invocation_id = invocation_id
        self.kind = kind
        self.ready_at = ready_at
        self.element = element
        self.name = invocation_id
        if element is not None:
            self.name = ir.TaskInvocationId(ir.element_id(invocation_id, element))
        self.attempt = 0
        self.ahead = False
        self.load = 0.0
        self.cache_key: str | None = None

    @property
    def is_count(self) -> bool:
        """Whether it only counts the elements of a map: that is no attempt of anything."""
        return self.kind.work == "count"

    @property
    def completes(self) -> bool:
        """Whether others can run once it has succeeded."""
        return self.element is None and not self.is_count


class Share:
    """What one run may use of a pool, in nodes, and what it uses: workers that hold its jobs."""

    __slots__ = ("limit", "parked", "used", "users")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0.0
        self.users: dict[Worker, int] = {}
        self.parked: list[Line] = []
        """Lines that wait for some of the run's other workers to end."""


class Line:
    """The ready jobs of one run in one team, in order."""

    __slots__ = ("is_queued", "jobs", "most", "parked", "share", "team", "workers")

    def __init__(self, team: "Team", share: Share, *, most: int) -> None:
        self.team = team
        self.share = share
        self.most = most
        """Workers of the team that the run may use at once."""
        self.workers = 0
        self.jobs: deque[Job] = deque()
        self.is_queued = False
        """Whether it stands in its team's rotation."""
        self.parked = False

    def has_room(self) -> bool:
        """Whether the run may use one more worker of the team."""
        fits = self.share.used + self.team.fraction <= self.share.limit + 1e-6
        return self.workers < self.most and fits
