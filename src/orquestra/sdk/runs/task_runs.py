"""One execution of one task call, as users see it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from orquestra.sdk import evaluation
from orquestra.sdk.exceptions import TaskInvocationNotFoundError, TaskRunNotFound
from orquestra.sdk.logs import LogOutput
from orquestra.sdk.runs.snapshots import Snapshot, Snapshots
from orquestra.sdk.runtime import Runtime
from orquestra.sdk.schema import ir, workflow_run
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.stored_values import read_value


class _InputUnavailable:
    def __repr__(self) -> str:
        return "InputUnavailable()"


class TaskRun:
    """A task run of a workflow run. Made by `WorkflowRun.get_tasks`."""

    class Inputs(NamedTuple):
        """The arguments of a task run."""

        args: list[Any]
        kwargs: dict[str, Any]

    INPUT_UNAVAILABLE: Final = _InputUnavailable()
    """Stands for an argument that no task has produced yet."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        snapshots: Snapshots,
        seen: Snapshot,
        task_run: workflow_run.TaskRun,
    ) -> None:
        self._runtime = runtime
        self._snapshots = snapshots
        self._seen = seen
        self._run = seen.run
        self._task_run = task_run

    @property
    def task_run_id(self) -> str:
        """The id of this execution."""
        return self._task_run.id

    @property
    def task_invocation_id(self) -> str:
        """The id of the task call in the workflow definition."""
        return self._task_run.invocation_id

    @property
    def workflow_run_id(self) -> str:
        """The id of the run that this is part of."""
        return self._run.id

    @property
    def fn_name(self) -> str:
        """The name of the task's function."""
        return self._function.function_name

    @property
    def module(self) -> str | None:
        """The module of the task's function; None where its code travelled inline."""
        function = self._function
        return function.module if isinstance(function, ir.ModuleFunctionRef) else None

    def get_status(self) -> State:
        """The state of this task run, asked for now.

        Each time that it is called, the runtime is asked for the whole run. Tasks of the same
        `get_tasks` or `WorkflowRun` share an answer where they are asked one right after the
        other: it came 0.2 seconds ago at most, and a task never gets the same one twice. A run of
        which nothing executes any more is asked for only once.

        Raises:
            TaskInvocationNotFoundError: the runtime does not know this task run any more.
        """
        self._seen = self._snapshots.after(self._seen)
        task_run = self._seen.tasks.get(self._task_run.invocation_id)
        if task_run is None:
            raise TaskInvocationNotFoundError(self._task_run.invocation_id)
        return task_run.status.state

    def get_logs(self) -> LogOutput:
        """What the task has written so far.

        Raises:
            TaskRunLogsNotFound: nothing yet.
        """
        return self._runtime.task_logs(self._run.id, invocation_id=self.task_invocation_id)

    def get_outputs(self) -> Any:
        """Exactly what the task's function returned.

        Raises:
            TaskRunNotFound: it has not returned, or it failed.
            ValueNotReadableError: its value needs a package that is not installed here.
        """
        invocation_id = self._task_run.invocation_id
        values = self._values({invocation_id})
        if invocation_id not in values:
            raise TaskRunNotFound(
                f"Task run {self.task_run_id} has no output: it has not finished, or it failed. "
                "Look at its get_status() and get_logs()."
            )
        return values[invocation_id]

    def get_inputs(self) -> "TaskRun.Inputs":
        """The arguments; INPUT_UNAVAILABLE for what no task has produced yet.

        A secret appears as its node in the definition. A map gets its sequences as wholes.

        Raises:
            ValueNotReadableError: one of them needs a package that is not installed here.
        """
        producers = self._producers()
        values = self._values(set(producers.values()))
        return TaskRun.Inputs(
            args=[
                self._input(argument, producers=producers, values=values)
                for argument in self._invocation.args_ids
            ],
            kwargs={
                name: self._input(argument, producers=producers, values=values)
                for name, argument in self._invocation.kwargs_ids.items()
            },
        )

    def get_parents(self) -> set["TaskRun"]:
        """Task runs that produce the arguments of this one."""
        tasks = self._seen.tasks
        return {
            TaskRun(
                self._runtime, snapshots=self._snapshots, seen=self._seen, task_run=tasks[needed]
            )
            for needed in set(self._producers().values())
            if needed in tasks
        }

    def __repr__(self) -> str:
        return f"<task run {self.task_run_id}>"

    def _repr_html_(self) -> str:
        from orquestra.sdk.displays import tasks_html

        return tasks_html([(self._task_run, self.fn_name)])

    @property
    def _invocation(self) -> ir.TaskInvocation:
        return self._run.workflow_def.task_invocations[self._task_run.invocation_id]

    @property
    def _function(self) -> ir.ModuleFunctionRef | ir.FileFunctionRef | ir.InlineFunctionRef:
        return self._run.workflow_def.tasks[self._invocation.task_id].fn_ref

    def _values(self, invocation_ids: set[ir.TaskInvocationId]) -> dict[ir.TaskInvocationId, Any]:
        if not invocation_ids:
            return {}
        artifacts = self._snapshots.artifacts(of=invocation_ids)
        return {
            key: read_value(value, what=f"What {key} of run {self._run.id} returned")
            for key, value in artifacts.items()
        }

    def _producers(self) -> dict[str, ir.TaskInvocationId]:
        """Which invocations make the arguments that tasks make."""
        definition = self._run.workflow_def
        every = self._seen.producers
        leaves = definition.leaves(self._invocation.argument_ids())
        return {leaf: every[ir.ArtifactNodeId(leaf)] for leaf in leaves if leaf in every}

    def _input(
        self,
        argument_id: str,
        *,
        producers: Mapping[str, ir.TaskInvocationId],
        values: Mapping[ir.TaskInvocationId, Any],
    ) -> Any:
        definition = self._run.workflow_def
        collection = definition.collection_nodes.get(ir.CollectionNodeId(argument_id))
        if collection is not None:
            keys, items = (
                [self._input(of, producers=producers, values=values) for of in ids]
                for ids in (collection.keys, collection.items)
            )
            return evaluation.gather(collection.type, items=items, keys=keys)
        if argument_id in definition.constant_nodes:
            constant = definition.constant_nodes[ir.ConstantNodeId(argument_id)]
            return read_value(constant, what=f"The constant {argument_id} of run {self._run.id}")
        if argument_id in definition.secret_nodes:
            return definition.secret_nodes[ir.SecretNodeId(argument_id)]
        producer = producers[argument_id]
        if producer not in values:
            return TaskRun.INPUT_UNAVAILABLE
        task = definition.tasks[definition.task_invocations[producer].task_id]
        return evaluation.part(
            values[producer],
            definition.artifact_nodes[ir.ArtifactNodeId(argument_id)].artifact_index,
            output=task.output_metadata or evaluation.ONE_VALUE,
            task_name=task.fn_ref.function_name,
        )


class TaskRuns(list[TaskRun]):
    """A list of task runs, which notebooks show as a table."""

    def _repr_html_(self) -> str:
        from orquestra.sdk.displays import tasks_html

        return tasks_html([(run._task_run, run.fn_name) for run in self])  # noqa: SLF001
