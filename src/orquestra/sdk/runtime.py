"""What executes workflows: the contract of all runtimes, and what only Compute Engines have."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol, runtime_checkable

from orquestra.sdk.logs import LogOutput, WorkflowLogs
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.schema import api, ir, responses, workflow_run
from orquestra.sdk.schema.workflow_run import State


class LiveEvent(NamedTuple):
    """Something that an engine tells as it happens. A new stream goes on after the `id`.

    Without a `body` there is no news; the `id` may say that what was there was not asked for.
    After one that `is_last` nothing more will happen to the run. One that `is_opening` says only
    that the engine is there.
    """

    id: str
    body: api.Body | None
    is_last: bool = False
    is_opening: bool = False


class Runtime(Protocol):
    """Starts, observes and stops runs.

    Whatever takes the id of a run raises `WorkflowRunNotFoundError` where there is none of it.
    """

    def start(
        self, definition: ir.WorkflowDef, *, project: ProjectRef | None, dry_run: bool
    ) -> str:
        """Start a run of a definition; its id. In process it has ended when this returns."""
        ...

    def status(self, run_id: str) -> workflow_run.WorkflowRun:
        """A complete snapshot of a run."""
        ...

    def progress(self, run_id: str) -> api.RunProgress:
        """How far a run is."""
        ...

    def events(self, run_id: str) -> Iterator[api.RunProgress]:
        """How far a run is, now and after each change; ends when its results can be read.

        Raises:
            NotFoundError: there is none of that id, or the runtime cannot tell by itself.
        """
        ...

    def summaries(
        self,
        *,
        limit: int | None,
        max_age: timedelta | None,
        states: Sequence[State],
        workspace_id: str | None,
    ) -> list[workflow_run.WorkflowRunSummary]:
        """The most recent runs, the newest first, at most `limit` of them."""
        ...

    def results(
        self, run_id: str, *, result_id: str | None = None
    ) -> tuple[responses.WorkflowResult, ...]:
        """The outputs of a run that has succeeded; `result_id` is what its progress said."""
        ...

    def artifacts(
        self, run_id: str, *, of: Collection[ir.TaskInvocationId] | None = None
    ) -> dict[ir.TaskInvocationId, responses.WorkflowResult]:
        """What tasks have returned so far, of all invocations or of some; others are left out."""
        ...

    def workflow_logs(
        self, run_id: str, *, kinds: Collection[WorkflowLogs.WorkflowLogTypeName]
    ) -> WorkflowLogs:
        """The logs of a run so far, of these kinds; others are empty."""
        ...

    def task_logs(self, run_id: str, *, invocation_id: str) -> LogOutput:
        """What one task has written so far.

        Raises:
            TaskRunLogsNotFound: nothing yet.
        """
        ...

    def stop(self, run_id: str, *, force: bool | None) -> None:
        """Ask for a run to stop; returns before it has."""
        ...


@runtime_checkable
class Engine(Runtime, Protocol):
    """A runtime with users and machines: it knows more of a run."""

    def project(self, run_id: str) -> ProjectRef:
        """Where a run belongs."""
        ...

    def pools(self, run_id: str) -> list[api.Pool]:
        """The nodes of a run by image, those that are gone included."""
        ...

    def timing(self, run_id: str) -> api.RunTiming:
        """Where the time of a run went.

        Raises:
            NotFoundError: there is no run of that id, or the engine keeps no times.
        """
        ...

    def run_events(self, run_id: str, *, after: str | None) -> Iterator[LiveEvent]:
        """`RunProgress`, `TaskChanges` and `PoolList`, each now and after changes.

        Ends when nothing of the run executes any more, which a last `RunProgress` says, or when
        the engine goes away.

        Raises:
            NotFoundError: there is no run of that id, or the engine has no such stream.
        """
        ...

    def log_events(
        self, run_id: str, *, kinds: Sequence[str], invocation_id: str | None, after: str | None
    ) -> Iterator[LiveEvent]:
        """Every `RunLogLine` of some kinds, at last a `RunProgress`.

        Ends after that, or when the engine goes away.

        Raises:
            NotFoundError: there is no run of that id, or the engine has no such stream.
        """
        ...
