"""One run as the executor sees it: its graph, its values, its attempts, and what to tell of it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from orquestra.executor.arguments import Arguments
from orquestra.executor.capacity import task_demand
from orquestra.executor.constants import Constants
from orquestra.executor.environments import requirements
from orquestra.executor.errors import BadGraph
from orquestra.executor.failures import TaskFacts
from orquestra.executor.graph import Walk, read_graph, task_name
from orquestra.executor.jobs import Job, Kind
from orquestra.executor.maps import Maps
from orquestra.executor.planning import Outlook
from orquestra.executor.protocol import (
    Call,
    Constant,
    Counted,
    Function,
    FunctionKey,
    Kept,
    Work,
)
from orquestra.executor.retries import Retries
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.supply import Supply
from orquestra.executor.surroundings import Environment
from orquestra.executor.task_context import run_variables, secret_access
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.evaluation import ONE_VALUE, failure_message
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import HOST_IMAGE, Location, PoolId, RunPlan


class Run:
    """A run that is being executed, from where `plan.stored` says that an executor stopped."""

    def __init__(
        self,
        plan: RunPlan,
        definition: ir.WorkflowDef,
        scheduler: Scheduler,
        *,
        exchange: Path | None = None,
        local_secrets: str | None = None,
    ) -> None:
        """Read the graph. Large constants go into the `exchange`.

        `local_secrets` is where tasks of the local runtime ask for secrets.

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
        self._sources: Constant | Location | None = None
        self._run_variables = (
            run_variables(plan.context, local_uri=local_secrets) if plan.context else None
        )
        self.maps = Maps(definition, plan)
        self.arguments = Arguments(
            definition, self._values, constants=self._constants, maps=self.maps
        )
        self._caches = not plan.dry_run and any(task.cache for task in definition.tasks.values())
        self._kinds: dict[object, Kind] = {}
        self.pool_of: dict[ir.TaskInvocationId, PoolId] = {
            invocation_id: pool_id
            for pool_id, invocation_ids in plan.invocations.items()
            for invocation_id in invocation_ids
        }
        self.walk = Walk(self._steps, stored=self._values)
        self.supply = Supply(self.walk, self._job, may_chain=self._may_chain)
        self.outlook = Outlook(definition, self._steps, pool_of=self.pool_of, done=self.walk.done)
        self.retries = Retries(definition, plan.tries)
        self.attempts = Counter(plan.attempts_made)
        self.problem: str | None = None
        self.over = False
        """Whether the engine has ended it: nothing is told of its end."""
        self.is_closed = False

    def count_attempt(self, job: Job) -> None:
        """Number an attempt that is about to begin."""
        self.attempts[job.name] += 1
        job.attempt = self.attempts[job.name]

    def uncount_attempt(self, job: Job) -> None:
        """Take that back: the call has not begun."""
        if not job.is_count:
            self.attempts[job.name] -= 1

    def succeed(self, job: Job, values: tuple[Location, ...]) -> Job | None:
        """Note that a job has succeeded, and where what is kept of it lies.

        After the last element of a map, the job that gathers their results.
        """
        self.supply.close()
        invocation_id = job.invocation_id
        if job.element is not None:
            self.outlook.complete_element(invocation_id)
            is_last = self.maps[invocation_id].put(job.element, values[0])
            return self._gather(invocation_id, job.ready_at) if is_last else None
        self._values.update(zip(self._steps[invocation_id].keeps, values, strict=True))
        self.walk.complete(invocation_id)
        self.outlook.complete(invocation_id)
        if job.kind.work == "gather":
            self.maps.close(invocation_id)
        return None

    def known_length(self, job: Job) -> int | None:
        """The length of a map, where an earlier head has found all that a job is to count."""
        if not job.is_count or self._is_cached(job.invocation_id):
            return None
        return self.maps.known_length(job.invocation_id)

    def open_map(self, job: Job, counted: Counted) -> list[Job]:
        """Note what a job has counted for a map; the jobs that follow."""
        self.supply.close()
        invocation_id = job.invocation_id
        opened = self.maps.open(invocation_id, counted)
        if opened.is_complete():
            return [self._gather(invocation_id, job.ready_at)]
        kind = self.kind(invocation_id)
        jobs = [Job(self.run_id, invocation_id, kind, job.ready_at, at) for at in opened.left()]
        self.outlook.open(invocation_id, len(jobs))
        self.supply.also(len(jobs))
        return jobs

    def keeps(self, job: Job) -> tuple[ir.ArtifactNodeId, ...]:
        """The artifacts that are kept of a job."""
        keeps = self._steps[job.invocation_id].keeps
        if job.element is not None:
            return (ir.ArtifactNodeId(ir.element_id(keeps[0], job.element)),)
        return () if job.is_count else keeps

    def kept(self, job: Job) -> tuple[Kept, ...]:
        """The same, and which parts of the result they are."""
        if job.element is not None:
            return tuple(Kept(artifact_id, None) for artifact_id in self.keeps(job))
        nodes = self.definition.artifact_nodes
        return tuple(Kept(each, nodes[each].artifact_index) for each in self.keeps(job))

    def call(self, job: Job, *, number: int, after: int | None) -> Call:
        """What a worker is told to do; counts as an attempt, unless it counts elements."""
        kind = job.kind
        if kind.work != "count":
            self.count_attempt(job)
        arguments, keywords = self.arguments.of(job)
        return Call(
            number,
            kind.function,
            job.name,
            job.attempt,
            arguments,
            keywords,
            self.kept(job),
            after,
            kind.work,
        )

    def cache_policy(self, job: Job) -> ir.CachePolicy | None:
        """Whether, and how, a result of an earlier run may be used in place of a job's."""
        if not self._caches or job.kind.work != "task":
            return None
        return self._task(job.invocation_id).cache

    @property
    def fingerprints(self) -> Mapping[Constant | Location, str]:
        """What constants count as, where not as their bytes: grows as constants are read."""
        return self._constants.fingerprints

    @cached_property
    def modules(self) -> str:
        """The digest of its local modules."""
        text = json.dumps(self.definition.source_files, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def timeout(self, job: Job) -> float | None:
        """How long an attempt may take (seconds)."""
        is_task = job.kind.work == "task"
        return self._task(job.invocation_id).timeout_seconds if is_task else None

    def done(self) -> Iterator[ir.TaskInvocationId]:
        """What has succeeded under an earlier head, elements of maps among it."""
        yield from self.walk.done
        for invocation_id, at in self.maps.stored():
            yield ir.TaskInvocationId(ir.element_id(invocation_id, at))

    def function(self, key: FunctionKey, *, image: str) -> Function:
        """What all calls of a task definition have in common on nodes of an image."""
        task = self.definition.tasks[key[1]]
        # A container does not see the folder from which the workflow was submitted.
        directory = self.plan.working_directory if image == HOST_IMAGE else None
        return Function(
            name=task.fn_ref.function_name,
            reference=task.fn_ref,
            output=task.output_metadata or ONE_VALUE,
            dry_run=self.plan.dry_run,
            working_directory=directory,
            sources=self._source_files(),
            modules=self.modules if self._caches and task.cache else None,
            run_variables=self._run_variables,
        )

    @property
    def secret_access(self) -> SecretsLogin | None:
        """How its nodes read its secrets; an engine of an older release does not say."""
        return secret_access(self._run_variables) if self._run_variables else None

    def facts(self, job: Job) -> TaskFacts:
        """What messages say about the task of a job."""
        resources = self.definition.task_invocations[job.invocation_id].resources
        return TaskFacts(
            name=task_name(self.definition, job.invocation_id),
            memory=resources.memory if resources else None,
            element=job.element,
        )

    def pools(self) -> set[PoolId]:
        """The pools that it uses, or will; after a failure, as long as anything of it runs."""
        if self.problem is None:
            return self.outlook.pools()
        return {*self.plan.invocations} if self.supply.open else set()

    def close(self) -> None:
        """Close the files: nothing of it is left to do."""
        self._constants.close()

    def fail(self, job: Job, message: str) -> None:
        """Note the failure that ends the run; only the first one counts."""
        if self.problem is None:
            name = task_name(self.definition, job.invocation_id)
            self.problem = failure_message(message, task_name=name, invocation_id=job.name)

    def kind(self, invocation_id: ir.TaskInvocationId, work: Work = "task") -> Kind:
        """What an invocation has in common with others, for the scheduler."""
        invocation = self.definition.task_invocations[invocation_id]
        asked, variables = invocation.resources, invocation.env_vars
        key = (
            self.pool_of[invocation_id],
            invocation.task_id,
            asked and (asked.cpu, asked.memory, asked.gpu),
            tuple(sorted(variables.items())) if variables else (),
            work,
        )
        found = self._kinds.get(key)
        if found is None:
            environment = self._environment(invocation, pool_id=key[0], variables=key[3])
            function = self.run_id, invocation.task_id
            found = self._kinds[key] = self._scheduler.kind(function, environment, work=work)
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
        work: Work = "count" if invocation_id in self.maps else "task"
        return Job(self.run_id, invocation_id, self.kind(invocation_id, work), now)

    def _gather(self, invocation_id: ir.TaskInvocationId, now: float) -> Job:
        self.supply.also(1)
        return Job(self.run_id, invocation_id, self.kind(invocation_id, "gather"), now)

    def _may_chain(self, invocation_id: ir.TaskInvocationId) -> bool:
        """Whether an invocation may be sent to a worker before its inputs are there."""
        return invocation_id not in self.maps and not self._is_cached(invocation_id)

    def _is_cached(self, invocation_id: ir.TaskInvocationId) -> bool:
        return self._caches and self._task(invocation_id).cache is not None

    def _task(self, invocation_id: ir.TaskInvocationId) -> ir.TaskDef:
        return self.definition.tasks[self.definition.task_invocations[invocation_id].task_id]

    def _source_files(self) -> Constant | Location | None:
        files = self.definition.source_files
        if files and self._sources is None:
            self._sources = self._constants.sources(files)
        return self._sources


def moment(seconds: float) -> datetime:
    """Unix seconds as the wire wants them."""
    return datetime.fromtimestamp(seconds, UTC)
