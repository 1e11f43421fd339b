"""Which runtime knows a run, where it is not said."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from functools import partial

from orquestra.cli.at_once import ask_all
from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.printing import working
from orquestra.cli.prompts import labels
from orquestra.cli.runtimes import is_local_runtime_up, known
from orquestra.sdk import WorkflowRun
from orquestra.sdk.configuration.config import LOCAL_NAME
from orquestra.sdk.exceptions import OrquestraError, RayNotRunningError, WorkflowRunNotFoundError

PATIENCE = timedelta(seconds=5)

_HINT = (
    "`-c NAME` asks one of them only, and longer; `orq login -s <server>` renews a login, `orq up` "
    "starts the local runtime"
)


def look_up_run(run_id: str) -> WorkflowRun:
    """A run by its id, on the first of the known runtimes that knows it; all are asked at once.

    Raises:
        Failure: none does; it says why of each.
    """
    questions: dict[str, Callable[[], WorkflowRun]] = {
        runtime.name: partial(_by_id, run_id, runtime.name) for runtime in known()
    }
    reasons = {}
    with working("Looking for the run"):
        for name, answer in ask_all(questions, limit=PATIENCE):
            if answer.done() and answer.exception() is None:
                return answer.result()
            reasons[name] = _reason(answer)
    failure = Failure(
        f"no login knows the workflow run {run_id}",
        code=ExitCode.WORKFLOW_RUN_NOT_FOUND,
        hint=_HINT,
    )
    rows = [("Config name", "Reason"), *reasons.items()]
    failure.details = [f"  {line}" for line in labels(rows)]
    raise failure


def _by_id(run_id: str, name: str) -> WorkflowRun:
    if name == LOCAL_NAME and not is_local_runtime_up():
        raise RayNotRunningError
    return WorkflowRun.by_id(run_id, name)


def _reason(answer: "Future[WorkflowRun]") -> str:
    error = answer.exception() if answer.done() else None
    if error is None:
        return f"No answer within {PATIENCE.total_seconds():g} s"
    if isinstance(error, WorkflowRunNotFoundError):
        return "Workflow run not found"
    if isinstance(error, RayNotRunningError):
        return "Not running"
    if isinstance(error, OrquestraError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}"
