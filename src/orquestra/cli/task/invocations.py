"""Which call of a task a command is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.logins import find_run
from orquestra.cli.prompts import choose, labels
from orquestra.cli.workflow.functions import function_name as name_of
from orquestra.sdk import WorkflowRun
from orquestra.sdk.schema import ir
from orquestra.sdk.schema import workflow_run as schema


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """A call of a task in a run, or an element of a map."""

    run: WorkflowRun
    definition: ir.WorkflowDef
    id: str

    @property
    def base_id(self) -> ir.TaskInvocationId:
        """The call in the definition; of an element, the map."""
        base = self.id if self.element is None else ir.split_element_id(self.id)[0]
        return ir.TaskInvocationId(base)

    @property
    def element(self) -> int | None:
        """Which element of a map it is."""
        number = ir.split_element_id(self.id)[1]
        return None if self.id in self.definition.task_invocations else number

    @property
    def function_name(self) -> str:
        """The name of the task's function."""
        return name_of(self.definition, self.id)


def find_invocation(
    run_id: str | None,
    *,
    function_name: str | None,
    invocation_id: str | None,
    config: str | None,
) -> Invocation:
    """The call that is meant; what is not given is asked for, unless there is only one.

    Raises:
        Failure: the run has no such call, or there is nobody to ask.
    """
    run = find_run(run_id, config=config)
    status = run.get_status_model()
    if invocation_id is None:
        invocation_id = _choose(status, _functions(status.workflow_def), function_name)
    elif not _is_known(invocation_id, status.workflow_def):
        _refuse(
            f"the run {run.run_id} has no task invocation {invocation_id!r}",
            hint=f"`orq wf view {run.run_id}` shows its invocations",
        )
    return Invocation(run=run, definition=status.workflow_def, id=invocation_id)


def _functions(definition: ir.WorkflowDef) -> dict[str, list[str]]:
    """The ids of invocations by the functions they call, sorted by name."""
    functions: dict[str, list[str]] = {}
    for invocation_id in definition.task_invocations:
        functions.setdefault(name_of(definition, invocation_id), []).append(invocation_id)
    return dict(sorted(functions.items()))


def _choose(
    run: schema.WorkflowRun, functions: Mapping[str, list[str]], function_name: str | None
) -> str:
    if function_name is None:
        function_name = choose(
            "Task function name", {name: name for name in functions}, instead="--fn-name"
        )
    elif function_name not in functions:
        _refuse(
            f"the run {run.id} has no task with the function {function_name!r}",
            hint=f"it has: {', '.join(functions)}",
        )
    states = {task.invocation_id: task.status.state.value for task in run.task_runs}
    ids = functions[function_name]
    shown = labels([(each, states.get(ir.TaskInvocationId(each), "")) for each in ids])
    return choose("Task invocation ID", dict(zip(shown, ids, strict=True)), instead="--task-inv-id")


def _is_known(invocation_id: str, definition: ir.WorkflowDef) -> bool:
    base = ir.TaskInvocationId(ir.split_element_id(invocation_id)[0])
    known = definition.task_invocations
    return invocation_id in known or (base in known and bool(known[base].map_over))


def _refuse(problem: str, *, hint: str) -> NoReturn:
    raise Failure(problem, code=ExitCode.UNKNOWN, hint=hint)
