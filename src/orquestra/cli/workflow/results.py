"""`orq wf results`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orquestra.cli.options import (
    config_option,
    download_option,
    json_option,
    run_id_argument,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orquestra.sdk import WorkflowRun
    from orquestra.sdk.schema import responses


@click.command()
@run_id_argument
@config_option
@download_option
@json_option
def results(
    run_id: str | None, config: str | None, download_dir: Path | None, as_json: bool
) -> None:
    """Show or save what a run returned. It must have succeeded.

    Each value that the workflow returned is an output; of a tuple, each of its elements.
    """
    from orquestra.cli.file_names import file_name
    from orquestra.cli.logins import find_run
    from orquestra.cli.outputs import describe, one_or_elements, print_outputs, print_saved, save
    from orquestra.cli.printing import print_json
    from orquestra.sdk.values import from_wire

    run = find_run(run_id, config=config)
    outputs = one_or_elements([from_wire(result) for result in _stored(run)])
    if download_dir is not None:
        document = save(outputs, download_dir / file_name(run.run_id) / "wf_results")
    else:
        document = [describe(value, index) for index, value in enumerate(outputs)]
    if as_json:
        print_json({"run_id": run.run_id, "results": document})
    elif download_dir is not None:
        print_saved(document)
    else:
        click.echo(f"Workflow run {run.run_id} has {len(document)} outputs.")
        print_outputs(document)


def _stored(run: "WorkflowRun") -> "Sequence[responses.WorkflowResult]":
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.cli.printing import working
    from orquestra.sdk.exceptions import WorkflowRunNotFinished, WorkflowRunNotSucceeded

    try:
        with working("Reading results"):
            return run.get_results_serialized()
    except WorkflowRunNotFinished as error:
        raise Failure(
            f"the run {run.run_id} is {error.state.value}: it has results when it has succeeded",
            code=ExitCode.INVALID_WORKFLOW_RUN,
            hint=f"`orq wf watch {run.run_id}` follows it to its end",
        ) from error
    except WorkflowRunNotSucceeded as error:
        raise Failure(
            f"the run {run.run_id} is {error.state.value}: only runs that have succeeded have "
            "results",
            code=ExitCode.INVALID_WORKFLOW_RUN,
            hint=f"`orq wf view {run.run_id}` shows what went wrong, `orq wf logs {run.run_id}` "
            "what its tasks said",
        ) from error
