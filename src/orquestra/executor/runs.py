"""One run as the executor sees it: its graph, its values, its attempts, and what to tell of it."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from orquestra.executor import failures
from orquestra.executor.capacity import task_demand
from orquestra.executor.constants import Constants
from orquestra.executor.environments import requirements
from orquestra.executor.errors import BadGraph
from orquestra.executor.failures import Failure, TaskFacts
from orquestra.executor.graph import Walk, read_graph, task_name
from orquestra.executor.jobs import Job, Kind
from orquestra.executor.planning import Outlook
from orquestra.executor.protocol import Argument, Call, Function, FunctionKey, Kept, Own
from orquestra.executor.retries import Retries
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.supply import Supply
from orquestra.executor.surroundings import Environment
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import HOST_IMAGE, Location, PoolId, RunPlan

_NO_OUTPUT = ir.TaskOutputMetadata(is_subscriptable=False, n_outputs=1)


class Run:
    """A run that is being executed, from where `plan.stored` says that an executor stopped."""

    def __init__(
        self,
        plan: RunPlan,
        definition: ir.WorkflowDef,
        scheduler: Scheduler,
        *,
        exchange: Path | None = None,
    ) -> None:
        """Read the graph. Large constants go into the `exchange`.

        Raises:
            BadGraph: the definition cannot be walked, or the cluster lacks a pool of the plan.
        """
        missing = plan.invocations.keys() - scheduler.pools.keys()
        if missing:
            raise BadGraph(f"The cluster has no pool {min(missing)!r}; submit the workflow again")
        self.run_id = plan.run_id
        self.definition = definition
        self.plan = plan
        self._scheduler = scheduler
        self._steps = read_graph(definition)
        self._values: dict[ir.ArtifactNodeId, Location] = dict(plan.stored)
        self._constants = Constants(plan.run_id, definition, exchange=exchange)
        self._kinds: dict[object, Kind] = {}
        self.pool_of: dict[ir.TaskInvocationId, PoolId] = {
            invocation_id: pool_id
            for pool_id, invocation_ids in plan.invocations.items()
            for invocation_id in invocation_ids
        }
        self.walk = Walk(self._steps, stored=self._values)
        self.supply = Supply(self.walk, self._job, may_chain=lambda of: not self.secret(of))
        self.outlook = Outlook(definition, self._steps, pool_of=self.pool_of, done=self.walk.done)
        self.retries = Retries(definition)
        self.attempts = Counter(plan.attempts_made)
        self.problem: str | None = None
        self.over = False
        """Whether the engine has ended it: nothing is told of its end."""
        self.is_closed = False

    def count_attempt(self, job: Job) -> None:
        """Number an attempt that is about to begin."""
        self.attempts[job.invocation_id] += 1
        job.attempt = self.attempts[job.invocation_id]

    def succeed(self, job: Job, values: tuple[Location, ...]) -> None:
        """Note that a job has succeeded, and where what is kept of it lies."""
        self.supply.close()
        self._values.update(zip(self._steps[job.invocation_id].keeps, values, strict=True))
        self.walk.complete(job.invocation_id)
        self.outlook.complete(job.invocation_id)

    def keeps(self, job: Job) -> tuple[ir.ArtifactNodeId, ...]:
        """The artifacts that are kept of a job."""
        return self._steps[job.invocation_id].keeps

    def call(self, job: Job, *, number: int, after: int | None) -> Call:
        """What a worker is told to do; counts as an attempt."""
        invocation_id = job.invocation_id
        invocation = self.definition.task_invocations[invocation_id]
        self.count_attempt(job)
        nodes = self.definition.artifact_nodes
        return Call(
            number,
            job.kind.function,
            invocation_id,
            job.attempt,
            tuple(map(self._argument, invocation.args_ids)),
            tuple((name, self._argument(at)) for name, at in invocation.kwargs_ids.items()),
            tuple(Kept(kept, nodes[kept].artifact_index) for kept in self.keeps(job)),
            after,
        )

    def function(self, key: FunctionKey, *, image: str) -> Function:
        """What all calls of a task definition have in common on nodes of an image."""
        task = self.definition.tasks[key[1]]
        # A container does not see the folder from which the workflow was submitted.
        directory = self.plan.working_directory if image == HOST_IMAGE else None
        return Function(
            name=task.fn_ref.function_name,
            reference=task.fn_ref,
            output=task.output_metadata or _NO_OUTPUT,
            dry_run=self.plan.dry_run,
            working_directory=directory,
        )

    def secret(self, invocation_id: ir.TaskInvocationId) -> str | None:
        """The name of a secret that the invocation takes."""
        secrets = self.definition.secret_nodes
        if not secrets:
            return None
        for argument_id in self.definition.task_invocations[invocation_id].argument_ids():
            if argument_id in secrets:
                return secrets[ir.SecretNodeId(argument_id)].secret_name
        return None

    def facts(self, invocation_id: ir.TaskInvocationId) -> TaskFacts:
        """What messages say about a task."""
        resources = self.definition.task_invocations[invocation_id].resources
        name = task_name(self.definition, invocation_id)
        return TaskFacts(name=name, memory=resources.memory if resources else None)

    def pools(self) -> set[PoolId]:
        """The pools that it uses, or will; after a failure, as long as anything of it runs."""
        if self.problem is None:
            return self.outlook.pools()
        return {*self.plan.invocations} if self.supply.open else set()

    def close(self) -> None:
        """Close the files: nothing of it is left to do."""
        self._constants.close()

    def fail(self, invocation_id: ir.TaskInvocationId, failure: Failure) -> None:
        """Note the failure that ends the run; only the first one counts."""
        if self.problem is None:
            name = task_name(self.definition, invocation_id)
            message = failures.printable(failure.message)
            says_who = f"'{name}'" in message
            what = message if says_who else f"Task '{name}' failed: {message}"
            self.problem = f"{what} ({invocation_id})"

    def kind(self, invocation_id: ir.TaskInvocationId) -> Kind:
        """What an invocation has in common with others, for the scheduler."""
        invocation = self.definition.task_invocations[invocation_id]
        asked, variables = invocation.resources, invocation.env_vars
        key = (
            self.pool_of[invocation_id],
            invocation.task_id,
            asked and (asked.cpu, asked.memory, asked.gpu),
            tuple(sorted(variables.items())) if variables else (),
        )
        found = self._kinds.get(key)
        if found is None:
            environment = self._environment(invocation, pool_id=key[0], variables=key[3])
            function = self.run_id, invocation.task_id
            found = self._kinds[key] = self._scheduler.kind(function, environment)
        return found

    def _environment(
        self,
        invocation: ir.TaskInvocation,
        *,
        pool_id: PoolId,
        variables: tuple[tuple[str, str], ...],
    ) -> Environment:
        return Environment(
            pool_id=pool_id,
            demand=task_demand(invocation.resources, self._scheduler.pools[pool_id].plan.size),
            requirements=requirements(invocation, self.definition),
            variables=variables,
        )

    def _job(self, invocation_id: ir.TaskInvocationId, now: float) -> Job:
        return Job(self.run_id, invocation_id, self.kind(invocation_id), now)

    def _argument(self, argument_id: str) -> Argument:
        constant = self._constants.get(argument_id)
        if constant is not None:
            return constant
        artifact_id = ir.ArtifactNodeId(argument_id)
        if artifact_id in self.definition.artifact_nodes:
            return self._values.get(artifact_id) or Own(artifact_id)
        return self._constants.read(argument_id)


def moment(seconds: float) -> datetime:
    """Unix seconds as the wire wants them."""
    return datetime.fromtimestamp(seconds, UTC)
