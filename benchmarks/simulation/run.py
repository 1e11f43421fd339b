"""The simulated run, as far as the executor's scheduling and planning look at a run."""

from functools import cache

from benchmarks.simulation.graph import Graph
from orquestra.executor.capacity import Demand
from orquestra.executor.graph import Walk
from orquestra.executor.jobs import Job, Kind
from orquestra.executor.planning import Outlook
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.supply import Supply
from orquestra.executor.surroundings import Environment
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolId
from orquestra.sdk.schema.workflow_run import WorkflowRunId

RUN = WorkflowRunId("simulated")


class SimulatedRun:
    """What `executor.runs.Run` is for real ones; nothing ever fails in it."""

    problem: str | None = None

    def __init__(self, graph: Graph, scheduler: Scheduler) -> None:
        self._graph = graph
        self._scheduler = scheduler
        self.walk = Walk(graph.steps, stored=())
        self.supply = Supply(self.walk, self._job)
        self.outlook = Outlook(
            graph.definition, graph.steps, pool_of=graph.pool_of, done=self.walk.done
        )

    def succeed(self, job: Job) -> None:
        """Note that a job has succeeded."""
        self.supply.close()
        self.walk.complete(job.invocation_id)
        self.outlook.complete(job.invocation_id)

    def pools(self) -> set[PoolId]:
        """The pools that it uses, or will."""
        return self.outlook.pools()

    def kind(self, invocation_id: ir.TaskInvocationId) -> Kind:
        """The kind of an invocation's job."""
        key = RUN, self._graph.task_of[invocation_id]
        return self._scheduler.kind(key, _environment(self._graph.pool_of[invocation_id]))

    def _job(self, invocation_id: ir.TaskInvocationId, now: float) -> Job:
        return Job(RUN, invocation_id, self.kind(invocation_id), now)


@cache
def _environment(pool_id: PoolId) -> Environment:
    return Environment(pool_id=pool_id, demand=Demand(cpu=1.0, memory=0, gpu=0))
