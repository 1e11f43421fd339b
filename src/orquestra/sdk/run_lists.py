"""Lists of runs."""

import re
from collections.abc import Sequence
from datetime import timedelta

from orquestra.sdk.config import RuntimeConfig, as_config
from orquestra.sdk.projects import current_workspace
from orquestra.sdk.runs import WorkflowRun, as_states, connect
from orquestra.sdk.schema.workflow_run import State, WorkflowRunSummary

_AGE = re.compile(
    r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?",
    re.IGNORECASE | re.ASCII,
)


def list_workflow_runs(
    config: str | RuntimeConfig,
    *,
    limit: int | None = None,
    max_age: str | None = None,
    state: State | Sequence[State] | None = None,
    workspace: str | None = None,
) -> list[WorkflowRun]:
    """Runs on a Compute Engine or on the local runtime, the most recent first.

    Args:
        config: the Compute Engine, by the name of its saved configuration or as an object; or
            "local", the local runtime.
        limit: at most so many.
        max_age: only runs younger than that, like "9h32m" or "3d".
        state: only runs in this state, or in one of these.
        workspace: only runs of this workspace; by default ORQ_CURRENT_WORKSPACE says it.

    Raises:
        ValueError: the age cannot be read.
    """
    config = as_config(config)
    summaries = list_workflow_run_summaries(
        config, limit=limit, max_age=max_age, state=state, workspace=workspace
    )
    engine = connect(config)
    return [WorkflowRun(summary.id, config=config, engine=engine) for summary in summaries]


def list_workflow_run_summaries(
    config: str | RuntimeConfig,
    *,
    limit: int | None = None,
    max_age: str | None = None,
    state: State | Sequence[State] | None = None,
    workspace: str | None = None,
) -> list[WorkflowRunSummary]:
    """One line for each run, for the same arguments as `list_workflow_runs`.

    Raises:
        ValueError: the age cannot be read.
    """
    return connect(as_config(config)).summaries(
        limit=limit,
        max_age=None if max_age is None else parse_age(max_age),
        states=as_states(state),
        workspace_id=workspace or current_workspace(),
    )


def parse_age(text: str) -> timedelta:
    """An age like "3d6h8m13s", whose parts may be left out.

    Raises:
        ValueError: the text is none.
    """
    match = _AGE.fullmatch(text)
    if not text or match is None:
        raise ValueError(
            f"{text!r} is not an age. "
            'Write days, hours, minutes and seconds, like "1d12h" or "30m".'
        )
    return timedelta(**{unit: int(number) for unit, number in match.groupdict("0").items()})
