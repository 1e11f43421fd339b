"""`orq task results`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.options import download_option, json_option
from orquestra.cli.task.options import task_options

if TYPE_CHECKING:
    from orquestra.cli.task.invocations import Invocation
    from orquestra.sdk.values import SerializedValue


@click.command()
@task_options
@download_option
@json_option
def results(
    run_id: str | None,
    function_name: str | None,
    invocation_id: str | None,
    config: str | None,
    download_dir: Path | None,
    as_json: bool,
) -> None:
    """Show or save what a task returned. The run may still be running.

    A task with several outputs has a row for each.
    """
    from orquestra.cli import outputs, printing
    from orquestra.cli.file_names import file_name
    from orquestra.cli.task.invocations import find_invocation

    found = find_invocation(
        run_id, function_name=function_name, invocation_id=invocation_id, config=config
    )
    values = _values(found)
    run_id = found.run.run_id
    if download_dir is not None:
        folder = download_dir / file_name(run_id) / "task_results" / file_name(found.id)
        document = outputs.save(values, folder)
    else:
        document = [outputs.describe(value, index) for index, value in enumerate(values)]
    if as_json:
        names = {"run_id": run_id, "invocation_id": found.id, "function": found.function_name}
        printing.print_json({**names, "results": document})
    elif download_dir is not None:
        outputs.print_saved(document)
    else:
        click.echo(
            f"In workflow {run_id}, task invocation {found.id} produced {len(document)} outputs."
        )
        outputs.print_outputs(document)


def _values(found: "Invocation") -> "Sequence[SerializedValue]":
    """The outputs of the task one by one; as a whole where its value cannot be read here."""
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk.exceptions import NotFoundError
    from orquestra.sdk.values import deserialize, from_wire, serialize

    try:
        stored = from_wire(found.run.get_artifact_serialized(found.base_id))
    except NotFoundError as error:
        raise Failure(
            f"the task invocation {found.id} of the run {found.run.run_id} has returned nothing "
            "(yet)",
            code=ExitCode.UNKNOWN,
            hint=f"`orq wf view {found.run.run_id}` shows its state, `orq task logs` what it wrote",
        ) from error
    try:
        content = deserialize(stored)
    except Exception:  # noqa: BLE001 - unpickling runs code of the user's packages
        return [stored]
    parts = _parts(found, content)
    return [stored] if parts is None else [serialize(part) for part in parts]


def _parts(found: "Invocation", content: Any) -> list[Any] | None:
    """The outputs where they are not simply the value."""
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk import evaluation

    definition = found.definition
    task = definition.tasks[definition.task_invocations[found.base_id].task_id]
    output = task.output_metadata or evaluation.ONE_VALUE
    if found.element is not None:
        if found.element >= len(content):
            raise Failure(
                f"the map {found.base_id} has {len(content)} elements, the last of them is "
                f"{found.base_id}.{len(content) - 1}",
                code=ExitCode.UNKNOWN,
            )
        return [content[found.element]]
    if found.definition.task_invocations[found.base_id].map_over or not output.is_subscriptable:
        return None
    try:
        return [
            evaluation.part(content, index, output=output, task_name=found.function_name)
            for index in range(output.n_outputs)
        ]
    except evaluation.ResultProblem:  # of an engine that does not check it
        return None
