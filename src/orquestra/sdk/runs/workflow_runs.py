"""One execution of a workflow, as users see it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.configuration.config import RuntimeConfig, as_config
from orquestra.sdk.exceptions import (
    NotFoundError,
    OrquestraError,
    TaskInvocationNotFoundError,
    WorkflowRunNotFinished,
    WorkflowRunNotSucceeded,
    WorkspacesNotSupportedError,
)
from orquestra.sdk.invocation_order import in_order
from orquestra.sdk.logs import LogLine, WorkflowLogs
from orquestra.sdk.projects import ProjectRef, resolve_project
from orquestra.sdk.runs.filters import TaskFilter, as_states
from orquestra.sdk.runs.live import OnOutage, RunSnapshot, follow_logs, warn_of_outage, watch
from orquestra.sdk.runs.run_search import connect, search_run
from orquestra.sdk.runs.snapshots import Snapshots
from orquestra.sdk.runs.task_runs import TaskRun, TaskRuns
from orquestra.sdk.runs.waiting import has_ended, wait_for_end
from orquestra.sdk.runtime import Engine, Runtime
from orquestra.sdk.schema import api, ir, responses, workflow_run
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.stored_values import read_value
from orquestra.sdk.versions import warn_if_incompatible

_PAUSE = timedelta(seconds=4)


class WorkflowRun:
    """A run of a workflow. Made by `WorkflowDef.run`, `by_id` or `start_from_ir`."""

    def __init__(self, run_id: str, *, config: RuntimeConfig, runtime: Runtime) -> None:
        self._run_id = run_id
        self._config = config
        self._runtime = runtime
        self._snapshots = Snapshots(runtime, run_id)

    @classmethod
    def by_id(
        cls,
        run_id: str,
        config: str | RuntimeConfig | None = None,
        project_dir: str | Path | None = None,
    ) -> "WorkflowRun":
        """An existing run.

        Args:
            run_id: its id.
            config: where it is, by the name of a configuration or as an object. Without it all
                configurations are asked, one after another.
            project_dir: of release 1.1; it has no effect.

        Raises:
            WorkflowRunNotFoundError: the runtime knows no run of that id.
            RuntimeQuerySummaryError: none of all configurations does, as far as they answer.
        """
        warn_of_project_dir(project_dir)
        if config is None:
            found, runtime = search_run(run_id)
            return cls(run_id, config=found, runtime=runtime)
        config = as_config(config)
        runtime = connect(config)
        runtime.progress(run_id)
        return cls(run_id, config=config, runtime=runtime)

    @classmethod
    def start_from_ir(
        cls,
        wf_def: ir.WorkflowDef,
        config: str | RuntimeConfig,
        workspace_id: str | None = None,
        project_id: str | None = None,
        dry_run: bool = False,
        project_dir: str | Path | None = None,
    ) -> "WorkflowRun":
        """Start a run of a definition; `WorkflowDef.run` says what the arguments mean.

        In process, what a task raises comes out of here as it is.

        Raises:
            WorkflowSyntaxError: a task fits in no node, or the engine refused the definition.
            WorkflowRunNotStarted: the engine refused to run it; the message has its reason.
            ProjectInvalidError: only one of workspace and project is known.
        """
        warn_of_project_dir(project_dir)
        warn_if_incompatible(wf_def)
        config = as_config(config)
        project = resolve_project(workspace_id=workspace_id, project_id=project_id)
        runtime = connect(config)
        run_id = runtime.start(wf_def, project=project, dry_run=dry_run)
        return cls(run_id, config=config, runtime=runtime)

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._run_id

    @property
    def config(self) -> RuntimeConfig:
        """The configuration of the runtime that has the run."""
        return self._config

    @cached_property
    def project(self) -> ProjectRef:
        """The workspace and the project of the run, asked for once.

        Raises:
            WorkspacesNotSupportedError: its runtime is a local one, which has none.
        """
        if self._config.is_local or not isinstance(self._runtime, Engine):
            raise WorkspacesNotSupportedError(
                f"Run {self._run_id!r} belongs to no workspace and project: "
                f"{_place(self._config)} has none. Those are on a Compute Engine."
            )
        return self._runtime.project(self._run_id)

    def get_status(self) -> State:
        """The state of the run, asked for now, unless a snapshot has shown how it stays."""
        final = self._snapshots.final
        return final.run.status.state if final else self._progress().state

    def get_status_model(self) -> workflow_run.WorkflowRun:
        """A snapshot: definition, tasks, times, and the message that says why a run failed.

        It is taken now; one of a run of which nothing executes any more is kept.
        """
        return self._snapshots.now().run

    def wait_until_finished(self, frequency: float = 0.25, verbose: bool = True) -> State:
        """Wait until the run has ended, well or not. Its engine tells that at once.

        An engine that cannot be reached is tried again for five minutes: the run goes on while
        its engine is restarted.

        Args:
            frequency: how often at most to write the progress, per second; a quarter means every
                four seconds. An engine that does not tell by itself is asked as often.
            verbose: write the progress to standard error where it changes.

        Raises:
            ValueError: the frequency is not positive.
            RemoteConnectionError: the engine stayed away.
            RayNotRunningError: the local runtime did.
        """
        if frequency <= 0:
            raise ValueError(f"frequency must be more than 0 per second, but is {frequency}")
        return self._wait(pause=timedelta(seconds=1 / frequency), verbose=verbose).state

    def stop(self, *, force: bool | None = None) -> None:
        """Ask for the run to stop; returns before all of it is gone.

        Args:
            force: True kills its containers at once (the run is KILLED); otherwise they get a few
                seconds to end (the run is TERMINATED).
        """
        self._runtime.stop(self._run_id, force=force)
        self._snapshots.forget()

    def get_results_serialized(self, wait: bool = False) -> Sequence[responses.WorkflowResult]:
        """The outputs of the workflow as they are stored, one for each value it returned.

        Raises:
            WorkflowRunNotFinished: the run has not ended, and `wait` is false.
            WorkflowRunNotSucceeded: the run has ended otherwise than well.
            WorkflowResultsNotReadyError: the results are not stored yet.
        """
        end = self._wait() if wait else self._progress()
        state = end.state
        if not has_ended(state):
            raise WorkflowRunNotFinished(
                f"Run {self._run_id} has no results yet; it is {state.value}. "
                "Wait for it with get_results(wait=True).",
                state,
            )
        if state is not State.SUCCEEDED:
            reason = f": {end.message}" if end.message else "."
            raise WorkflowRunNotSucceeded(
                f"Run {self._run_id} has no results; it is {state.value}{reason} "
                "Its get_logs() say more.",
                state,
            )
        return self._runtime.results(self._run_id, result_id=end.result_id)

    def get_results(self, wait: bool = False) -> Any:
        """What the workflow returned: the value itself if it is one, else a tuple.

        Raises as `get_results_serialized` does, and also:

        Raises:
            ValueNotReadableError: a value needs a package that is not installed here.
        """
        values = tuple(
            read_value(result, what=f"Output {index} of run {self._run_id}")
            for index, result in enumerate(self.get_results_serialized(wait=wait))
        )
        return values[0] if len(values) == 1 else values

    def get_artifacts_serialized(self) -> dict[ir.TaskInvocationId, responses.WorkflowResult]:
        """What each task has returned so far, as it is stored, by invocation."""
        return self._snapshots.artifacts()

    def get_artifact_serialized(self, task_invocation_id: str) -> responses.WorkflowResult:
        """What one task has returned, as it is stored.

        Raises:
            TaskInvocationNotFoundError: the workflow has no such invocation.
            NotFoundError: it has not returned, or it failed.
        """
        invocation_id = ir.TaskInvocationId(task_invocation_id)
        found = self._snapshots.artifacts(of={invocation_id})
        if invocation_id in found:
            return found[invocation_id]
        if invocation_id not in self.get_status_model().workflow_def.task_invocations:
            raise TaskInvocationNotFoundError(task_invocation_id)
        raise NotFoundError(
            f"Task invocation {task_invocation_id!r} of run {self._run_id!r} has returned nothing: "
            "it has not finished, or it failed. Look at get_tasks() and get_logs()."
        )

    def get_artifact(self, task_invocation_id: str) -> Any:
        """Exactly what one task has returned.

        Raises as `get_artifact_serialized` does, and also:

        Raises:
            ValueNotReadableError: its value needs a package that is not installed here.
        """
        return self._read_artifact(
            task_invocation_id, self.get_artifact_serialized(task_invocation_id)
        )

    def get_artifacts(self) -> dict[ir.TaskInvocationId, Any]:
        """What each task has returned so far, by invocation; others are left out.

        Raises:
            ValueNotReadableError: a value needs a package that is not installed here.
        """
        return {
            invocation_id: self._read_artifact(invocation_id, artifact)
            for invocation_id, artifact in self.get_artifacts_serialized().items()
        }

    def get_logs(self, *kinds: WorkflowLogs.WorkflowLogTypeName) -> WorkflowLogs:
        """The logs of the run so far.

        Args:
            kinds: only these, the others stay empty; none means all. Each task takes a request.
        """
        wanted = kinds or tuple(WorkflowLogs.WorkflowLogTypeName)
        return self._runtime.workflow_logs(self._run_id, kinds=wanted)

    def follow_logs(
        self,
        *kinds: WorkflowLogs.WorkflowLogTypeName,
        task_invocation_id: str | None = None,
        on_outage: OnOutage = warn_of_outage,
    ) -> Iterator[LogLine]:
        """Every line of the run, those that are there and then those that come, until it is over.

        A lost connection is made again, and goes on where it was. Of a run in process, which is
        over, these are the lines of its tasks.

        Args:
            kinds: only lines of these kinds; none means all of them.
            task_invocation_id: only lines of this task.
            on_outage: called with an error when the engine goes away, and with None when it is
                back. By default there is a warning when it goes.

        Raises:
            NotFoundError: the engine is too old to tell.
            RemoteConnectionError: the engine stayed away for five minutes.
            RayNotRunningError: the local runtime did.
        """
        return follow_logs(
            self._runtime,
            self._run_id,
            kinds=kinds,
            invocation_id=task_invocation_id,
            on_outage=on_outage,
        )

    def watch(self, *, on_outage: OnOutage = warn_of_outage) -> Iterator[RunSnapshot]:
        """The run with its tasks and nodes, now and after each change, until it is over.

        Calls `on_outage`, and raises, as `follow_logs` does, and also:

        Raises:
            NotFoundError: the run was executed in process, where nothing is left to watch.
        """
        if not isinstance(self._runtime, Engine):
            raise NotFoundError(
                f"Run {self._run_id!r} was executed in process, so it cannot be watched: "
                "get_status_model() says how it has ended."
            )
        return self._watched(watch(self._runtime, self._run_id, on_outage=on_outage))

    def _watched(self, snapshots: Iterator[RunSnapshot]) -> Iterator[RunSnapshot]:
        for snapshot in snapshots:
            self._snapshots.forget()
            yield snapshot

    def get_timing(self) -> api.RunTiming:
        """Where the time of the run went so far, and how to make it faster.

        Raises:
            NotFoundError: the engine is too old to keep times, or the run was in process.
        """
        if not isinstance(self._runtime, Engine):
            raise NotFoundError(
                f"Run {self._run_id!r} was executed in process, where no times but those of the "
                "tasks are kept: get_status_model() has them."
            )
        return self._runtime.timing(self._run_id)

    def get_nodes(self) -> list[api.Pool]:
        """The nodes of the run by container image, gone ones included; in process none."""
        return self._runtime.pools(self._run_id) if isinstance(self._runtime, Engine) else []

    def get_tasks(
        self,
        *,
        state: State | Sequence[State] | None = None,
        function_name: str | None = None,
        task_run_id: str | None = None,
        task_invocation_id: str | None = None,
    ) -> TaskRuns:
        """A list of task runs, each after those whose results it needs.

        Args:
            state: only those in this state, or in one of these.
            function_name: only those whose function's name matches this regular expression as a
                whole.
            task_run_id: the same for the id of the task run.
            task_invocation_id: the same for the id of the task invocation.

        Raises:
            ValueError: a text is no regular expression.
        """
        wanted = TaskFilter(
            function_name=function_name,
            task_run_id=task_run_id,
            task_invocation_id=task_invocation_id,
        )
        snapshot = self._snapshots.now()
        definition = snapshot.run.workflow_def
        warn_if_incompatible(definition)
        states = set(as_states(state))
        models = filter(None, map(snapshot.tasks.get, in_order(definition)))
        found = (
            TaskRun(self._runtime, snapshots=self._snapshots, seen=snapshot, task_run=model)
            for model in models
            if not states or model.status.state in states
        )
        return TaskRuns(filter(wanted.has, found))

    def _read_artifact(self, invocation_id: str, artifact: responses.WorkflowResult) -> Any:
        return read_value(artifact, what=f"What {invocation_id} of run {self._run_id} returned")

    def _progress(self) -> api.RunProgress:
        self._snapshots.forget()
        return self._runtime.progress(self._run_id)

    def _wait(self, *, pause: timedelta = _PAUSE, verbose: bool = True) -> api.RunProgress:
        try:
            return wait_for_end(self._runtime, self._run_id, pause=pause, verbose=verbose)
        finally:
            self._snapshots.forget()

    def __str__(self) -> str:
        return (
            f"Workflow run {self._run_id}\n"
            f"on {_place(self._config)} (config {self._config.name}, "
            f"runtime {self._config.runtime_name.value})"
        )

    def __repr__(self) -> str:
        return f"<workflow run {self._run_id}>"

    def _repr_html_(self) -> str:
        from orquestra.sdk.displays import run_html, text_html

        try:
            return run_html(self.get_status_model())
        except (OrquestraError, OSError) as error:  # showing a run must not end in a traceback
            return text_html(f"{self}\n{error}")


def warn_of_project_dir(project_dir: str | Path | None) -> None:
    """Say that an argument of release 1.1 has no effect."""
    if project_dir is not None:
        warn_user("project_dir has no effect any more. Leave it out.", DeprecationWarning)


def _place(config: RuntimeConfig) -> str:
    if config.is_in_process:
        return "this process"
    return "the local runtime" if config.is_local else f"the Compute Engine {config.name}"
