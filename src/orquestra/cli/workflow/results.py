"""`orq wf results`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.workflow.options import (
    config_option,
    download_option,
    json_option,
    run_id_argument,
)

if TYPE_CHECKING:
    from orquestra.sdk.values import SerializedValue


SHOWN_CHARACTERS = 1000
"""More of a value is in the file that `--download-dir` writes."""


@click.command()
@run_id_argument
@config_option
@download_option
@json_option
def results(run_id: str, config: str | None, download_dir: Path | None, as_json: bool) -> None:
    """Show or save what a run returned. It must have succeeded."""
    from orquestra.cli.logins import find_run
    from orquestra.cli.printing import print_json
    from orquestra.sdk.values import from_wire

    run = find_run(run_id, config=config)
    values = [from_wire(result) for result in run.get_results_serialized()]
    if download_dir is not None:
        document = _save(values, download_dir / run_id / "wf_results")
    else:
        document = [describe(value, index) for index, value in enumerate(values)]
    if as_json:
        print_json({"run_id": run_id, "results": document})
    elif download_dir is None:
        _print(run_id, document)
    else:
        for entry in document:
            kind = "text json" if entry["format"] == "JSON" else "binary pickle"
            click.echo(f"Artifact saved at {entry['path']} as a {kind} file.")


def describe(value: "SerializedValue", index: int) -> dict[str, Any]:
    """One output as it is shown: `value` for JSON values only, `text` the start of its repr."""
    from orquestra.sdk.values import deserialize

    entry: dict[str, Any] = {"index": index, "format": value.format.value}
    if value.format.value == "JSON":
        entry["value"] = json.loads(value.data)
    try:
        content = deserialize(value)
    except Exception as error:  # noqa: BLE001 - unpickling runs code of the user's packages
        reason = f"{type(error).__name__}: {error}"
        return {**entry, "type": None, "text": f"cannot be read here: {reason}"}
    return {**entry, "type": str(type(content)), "text": _shorten(repr(content))}


def _shorten(text: str) -> str:
    left_out = len(text) - SHOWN_CHARACTERS
    return text if left_out <= 0 else f"{text[:SHOWN_CHARACTERS]}… ({left_out} more characters)"


def _save(values: "Sequence[SerializedValue]", folder: Path) -> list[dict[str, Any]]:
    folder.mkdir(parents=True, exist_ok=True)
    document = []
    for index, value in enumerate(values):
        suffix = "json" if value.format.value == "JSON" else "pickle"
        path = folder / f"{index}.{suffix}"
        path.write_bytes(value.data)
        document.append({"index": index, "format": value.format.value, "path": str(path)})
    return document


def _print(run_id: str, document: list[dict[str, Any]]) -> None:
    from orquestra.cli.printing import print_table

    count = f"{len(document)} output{'' if len(document) == 1 else 's'}"
    click.echo(f"Workflow run {run_id} has {count}.")
    rows = [(str(entry["index"]), entry["type"] or "?", entry["text"]) for entry in document]
    print_table(("Index", "Type", "Pretty Printed"), rows)
