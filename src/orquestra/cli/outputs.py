"""Outputs of workflows and of tasks, as they are shown and saved."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from orquestra.sdk.schema.ir import ArtifactFormat
from orquestra.sdk.values import SerializedValue, deserialize, serialize

SHOWN_CHARACTERS = 1000
"""More of a value is in the file that `--download-dir` writes."""


def one_or_elements(values: Sequence[SerializedValue]) -> Sequence[SerializedValue]:
    """The same values; where the only one is a tuple, its elements."""
    if len(values) != 1:
        return values
    try:
        content = deserialize(values[0])
    except Exception:  # noqa: BLE001 - unpickling runs code of the user's packages
        return values
    return [serialize(item) for item in content] if type(content) is tuple else values


def describe(value: SerializedValue, index: int) -> dict[str, Any]:
    """One output as it is shown: `text` is the start of its repr.

    `value` is there for JSON values only; NaN and the infinities, which are written as if they
    were JSON, are none.
    """
    entry: dict[str, Any] = {"index": index, "format": value.format.value}
    if value.format is ArtifactFormat.JSON:
        with contextlib.suppress(ValueError):
            entry["value"] = json.loads(value.data, parse_constant=_refuse)
    try:
        content = deserialize(value)
        text = repr(content)
    except Exception as error:  # noqa: BLE001 - the user's packages can do anything
        reason = f"{type(error).__name__}: {error}"
        return {**entry, "type": None, "text": f"cannot be read here: {reason}"}
    return {**entry, "type": str(type(content)), "text": _shorten(text)}


def save(values: Sequence[SerializedValue], folder: Path) -> list[dict[str, Any]]:
    """Write each output to a file of its own, and say where: JSON text, or the raw pickle."""
    folder.mkdir(parents=True, exist_ok=True)
    document = []
    for index, value in enumerate(values):
        suffix = "json" if value.format is ArtifactFormat.JSON else "pickle"
        path = folder / f"{index}.{suffix}"
        path.write_bytes(value.data)
        document.append({"index": index, "format": value.format.value, "path": str(path)})
    return document


def print_outputs(document: Sequence[dict[str, Any]]) -> None:
    """Print what `describe` made, as a table."""
    from orquestra.cli.printing import print_table

    rows = [(str(entry["index"]), entry["type"] or "?", entry["text"]) for entry in document]
    print_table(("Index", "Type", "Pretty Printed"), rows)


def print_saved(document: Sequence[dict[str, Any]]) -> None:
    """Print where `save` put the files."""
    for entry in document:
        kind = "text json" if entry["format"] == ArtifactFormat.JSON.value else "binary pickle"
        click.echo(f"Artifact saved at {entry['path']} as a {kind} file.")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _shorten(text: str) -> str:
    left_out = len(text) - SHOWN_CHARACTERS
    return text if left_out <= 0 else f"{text[:SHOWN_CHARACTERS]}… ({left_out} more characters)"
