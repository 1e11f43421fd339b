"""How one run is and was: asked of its runtime as rarely as the truth allows."""

import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cached_property

from orquestra.sdk.runtime import Runtime
from orquestra.sdk.schema import ir, responses, workflow_run
from orquestra.sdk.schema.workflow_run import State

_RECENT = timedelta(milliseconds=200)
_GOES_ON = frozenset({State.RUNNING, State.UNKNOWN})


class Snapshot:
    """A run at one moment, in the ways in which its tasks look at it."""

    def __init__(self, run: workflow_run.WorkflowRun) -> None:
        self.run = run
        self._taken = time.monotonic()

    @cached_property
    def tasks(self) -> Mapping[ir.TaskInvocationId, workflow_run.TaskRun]:
        """The task runs by invocation."""
        return {task_run.invocation_id: task_run for task_run in self.run.task_runs}

    @cached_property
    def producers(self) -> Mapping[ir.ArtifactNodeId, ir.TaskInvocationId]:
        """Which invocation makes which artifact."""
        return self.run.workflow_def.producers()

    @cached_property
    def is_final(self) -> bool:
        """Whether the run stays so.

        Tasks that had started go on after the first has failed, and the run has no end until then.
        Those that wait at its end never begin.
        """
        status = self.run.status
        if status.end_time is None or status.state is State.WAITING:
            return False
        states = {task_run.status.state for task_run in self.run.task_runs}
        return _GOES_ON.isdisjoint({status.state, *states})

    def is_recent(self) -> bool:
        """Whether this was the truth a moment ago."""
        return time.monotonic() - self._taken < _RECENT.total_seconds()


class Snapshots:
    """The snapshots of one run, for the run and its tasks together."""

    def __init__(self, runtime: Runtime, run_id: str) -> None:
        self._runtime = runtime
        self._run_id = run_id
        self._latest: Snapshot | None = None

    @property
    def final(self) -> Snapshot | None:
        """The run as it stays, where that is known."""
        latest = self._latest
        return latest if latest is not None and latest.is_final else None

    def now(self) -> Snapshot:
        """The run as it is now."""
        snapshot = self.final or Snapshot(self._runtime.status(self._run_id))
        self._latest = snapshot
        return snapshot

    def after(self, seen: Snapshot) -> Snapshot:
        """A snapshot after another: one that was taken a moment ago, else the run as it is now."""
        latest = self._latest
        if latest is None or latest is seen or not latest.is_recent():
            return self.now()
        return latest

    def artifacts(
        self, *, of: Collection[ir.TaskInvocationId] | None = None
    ) -> dict[ir.TaskInvocationId, responses.WorkflowResult]:
        """What tasks have returned so far, of all or of some: those have succeeded, then."""
        found = self._runtime.artifacts(self._run_id, of=of)
        seen = self._latest.tasks if self._latest else {}
        if any(seen[name].status.state is not State.SUCCEEDED for name in found if name in seen):
            self.forget()
        return found

    def forget(self) -> None:
        """More is known of the run than what was seen: nobody is told of that any more."""
        self._latest = self.final
