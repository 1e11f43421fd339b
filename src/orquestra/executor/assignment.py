"""What the engine assigns to the run cluster: its runs and pools, handed to the executor."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol

from pydantic import ValidationError

from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import EngineRefused, RunOver
from orquestra.executor.git_references import find_commits, moving_imports, with_commits
from orquestra.executor.pools import AutoscalerFile, PoolRelease
from orquestra.executor.surroundings import Events
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    ClusterWork,
    CommitsPinned,
    PoolPlan,
    RunFinished,
    RunPlan,
)
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId

NO_VERSION = -1
"""What no work of an engine is: asked for what comes after it, it answers at once."""

_logger = logging.getLogger(__name__)


class Runner(Protocol):
    """What executes runs; the executor is one."""

    def set_pools(self, pools: list[PoolPlan]) -> None:
        """The pools that exist now."""
        ...

    def begin(self, plan: RunPlan, definition: ir.WorkflowDef) -> None:
        """Execute a run."""
        ...

    def end(self, run_id: WorkflowRunId) -> None:
        """A run has ended: call off what is left of it."""
        ...


class Assignment:
    """Keeps a runner and Ray's autoscaler at what the engine says is to be done."""

    def __init__(
        self,
        engine: EngineClient,
        *,
        runner: Runner,
        events: Events,
        autoscaler: AutoscalerFile,
        release: PoolRelease,
        secrets_uri: str,
    ) -> None:
        """`secrets_uri` is where the head asks for secrets, with the tokens of runs."""
        self._engine = engine
        self._runner = runner
        self._events = events
        self._autoscaler = autoscaler
        self._release = release
        self._secrets_uri = secrets_uri
        self._runs: set[WorkflowRunId] = set()
        self._starting = threading.Lock()
        """So that no run begins after its end."""
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="plans")

    def follow(self, work: ClusterWork) -> None:
        """Apply what there is to do, and every change of it, for as long as the engine answers.

        Raises:
            ClusterOver: there is nothing left to do.
            EngineRefused: the engine does not say what there is to do.
        """
        while True:
            self.apply(work)
            version = work.version
            while work.version == version:
                work = self._engine.work(after=version)

    def apply(self, work: ClusterWork) -> None:
        """Bring runner and autoscaler to what is to be done now."""
        self._autoscaler.write(work)
        self._release.update(work)
        self._runner.set_pools(work.pools)
        for run_id in self._runs.difference(work.runs):
            with self._starting:
                self._runs.discard(run_id)
                self._runner.end(run_id)
        for run_id in work.runs:
            if run_id not in self._runs:
                self._runs.add(run_id)
                self._begin(run_id)

    def _begin(self, run_id: WorkflowRunId) -> None:
        try:
            planning = self._threads.submit(self._engine.plan, run_id)
            definition = self._engine.definition(run_id)
            plan = planning.result()
        except RunOver:
            _logger.info("Run %s has ended before it began here", run_id)
        except (EngineRefused, ValidationError) as error:
            # Only this run fails. Others that begin or end have waited for it, for the patience of
            # `EngineClient` at most: what is done here is done in order.
            self._fail(run_id, error)
        else:
            definition = with_commits(definition, plan.commits)
            if moving_imports(definition):
                # Foreign servers may be slow, and no other run is to wait for them.
                about = plan, definition
                threading.Thread(target=self._pin, args=about, name="git", daemon=True).start()
            else:
                self._start(plan, definition)

    def _pin(self, plan: RunPlan, definition: ir.WorkflowDef) -> None:
        try:
            commits = find_commits(moving_imports(definition), access=self._access(plan))
        except Exception as error:  # noqa: BLE001 - without its thread the run would never end
            self._fail(plan.run_id, error)
            return
        if commits:
            self._events.add(CommitsPinned(run_id=plan.run_id, commits=dict(commits)))
        self._start(plan, with_commits(definition, commits))

    def _access(self, plan: RunPlan) -> SecretsLogin | None:
        if plan.context is None:
            return None
        return SecretsLogin(uri=self._secrets_uri, token=plan.context.token)

    def _start(self, plan: RunPlan, definition: ir.WorkflowDef) -> None:
        with self._starting:
            if plan.run_id in self._runs:
                self._runner.begin(plan, definition)

    def _fail(self, run_id: WorkflowRunId, error: Exception) -> None:
        message = f"The run could not be begun: {error}"
        self._events.add(
            RunFinished(run_id=run_id, at=datetime.now(UTC), state=State.FAILED, message=message)
        )
