"""The simulated run, as far as the executor's scheduling and planning look at a run."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from benchmarks.simulation.graph import Graph
from orquestra.executor.capacity import Demand
from orquestra.executor.graph import Walk
from orquestra.executor.jobs import Job, Kind
from orquestra.executor.planning import Outlook
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.surroundings import Environment
from orquestra.executor.teams import TARGET
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolId
from orquestra.sdk.schema.workflow_run import WorkflowRunId

RUN = WorkflowRunId("simulated")
AHEAD = 50
"""As in `executor.runs`."""


class SimulatedRun:
    """What `executor.runs.Run` is for real ones; nothing ever fails in it."""

    problem: Any = None

    def __init__(self, graph: Graph, scheduler: Scheduler) -> None:
        self._graph = graph
        self._scheduler = scheduler
        self._ahead: dict[ir.TaskInvocationId, Job] = {}
        self.walk = Walk(graph.steps, stored=())
        self.outlook = Outlook(
            graph.definition, graph.steps, pool_of=graph.pool_of, done=self.walk.done
        )

    def ready(self, now: float) -> Iterator[Job]:
        """The jobs that can run now and were not given out before."""
        for invocation_id in self.walk:
            sent = self._ahead.pop(invocation_id, None)
            if sent is None:
                yield self._job(invocation_id, now)
            else:
                sent.ahead = False
                sent.ready_at = now

    def behind(self, job: Job) -> Iterator[Job]:
        """The chain of jobs behind one that is being sent, each to be sent too."""

        def fits(invocation_id: ir.TaskInvocationId) -> bool:
            follower = self._job(invocation_id, job.ready_at)
            known = follower.kind.mean or 0.0
            if follower.kind.team is not job.kind.team or known > TARGET:
                return False
            self._ahead[invocation_id] = follower
            return True

        for invocation_id in self.walk.behind(job.invocation_id, fits=fits, at_most=AHEAD):
            yield self._ahead[invocation_id]

    def unsend(self, job: Job) -> bool:
        """Note that a job was not begun. True: it can run elsewhere, its inputs are there."""
        if job.ahead:
            job.ahead = False
            del self._ahead[job.invocation_id]
            return False
        return True

    def succeed(self, job: Job) -> None:
        """Note that a job has succeeded."""
        self.walk.complete(job.invocation_id)
        self.outlook.complete(job.invocation_id)

    def kind(self, invocation_id: ir.TaskInvocationId) -> Kind:
        """The kind of an invocation's job."""
        key = RUN, self._graph.task_of[invocation_id]
        return self._scheduler.kind(key, _environment(self._graph.pool_of[invocation_id]))

    def _job(self, invocation_id: ir.TaskInvocationId, now: float) -> Job:
        return Job(RUN, invocation_id, self.kind(invocation_id), now)


@cache
def _environment(pool_id: PoolId) -> Environment:
    return Environment(pool_id=pool_id, demand=Demand(cpu=1.0, memory=0, gpu=0))
