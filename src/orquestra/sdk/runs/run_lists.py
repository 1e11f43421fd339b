"""Lists of runs."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.configuration.config import RuntimeConfig, as_config
from orquestra.sdk.exceptions import ProjectInvalidError
from orquestra.sdk.projects import current_workspace
from orquestra.sdk.runs.filters import as_states
from orquestra.sdk.runs.run_search import connect
from orquestra.sdk.runs.workflow_runs import WorkflowRun, warn_of_project_dir
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
    project_dir: str | Path | None = None,
    workspace: str | None = None,
    project: str | None = None,
) -> list[WorkflowRun]:
    """Runs on a Compute Engine, on the local runtime or of this process, the most recent first.

    Args:
        config: the Compute Engine, by the name of its saved configuration or as an object; or
            "local", the local runtime; or "in_process".
        limit: at most so many.
        max_age: only runs younger than that, like "9h32m" or "3d".
        state: only runs in this state, or in one of these.
        project_dir: of release 1.1; it has no effect.
        workspace: only runs of this workspace; by default ORQ_CURRENT_WORKSPACE says it.
        project: it has no effect, but needs a workspace.

    Raises:
        ValueError: the age cannot be read, or the limit is less than 0.
        ProjectInvalidError: a project without a workspace.
    """
    warn_of_project_dir(project_dir)
    config = as_config(config)
    summaries = list_workflow_run_summaries(
        config, limit=limit, max_age=max_age, state=state, workspace=workspace, project=project
    )
    runtime = connect(config)
    return [WorkflowRun(summary.id, config=config, runtime=runtime) for summary in summaries]


def list_workflow_run_summaries(
    config: str | RuntimeConfig,
    *,
    limit: int | None = None,
    max_age: str | None = None,
    state: State | Sequence[State] | None = None,
    workspace: str | None = None,
    project: str | None = None,
) -> list[WorkflowRunSummary]:
    """One line for each run, for the same arguments as `list_workflow_runs`; raises as that."""
    if limit is not None and limit < 0:
        raise ValueError(f"limit must be at least 0, but is {limit}")
    _check_project(project, workspace=workspace)
    return connect(as_config(config)).summaries(
        limit=limit,
        max_age=None if max_age is None else parse_age(max_age),
        states=as_states(state),
        workspace_id=workspace or current_workspace(),
    )


def _check_project(project: str | None, *, workspace: str | None) -> None:
    if project and not workspace:
        raise ProjectInvalidError(
            f"The project {project!r} is given, but no workspace. Give the workspace alone: runs "
            "are listed by workspace."
        )
    if project:
        warn_user(
            f"Runs are listed by workspace, so project={project!r} has no effect. Leave it out.",
            FutureWarning,
        )


def parse_age(text: str) -> timedelta:
    """An age like "3d6h8m13s", whose parts may be left out.

    Raises:
        ValueError: the text is none.
    """
    match = _AGE.fullmatch(text)
    if not text or match is None:
        raise _not_an_age(text)
    try:
        return timedelta(**{unit: int(number) for unit, number in match.groupdict("0").items()})
    except OverflowError as error:  # millions of years
        raise _not_an_age(text) from error


def _not_an_age(text: str) -> ValueError:
    return ValueError(
        f'{text!r} is not an age. Write days, hours, minutes and seconds, like "1d12h" or "30m".'
    )
