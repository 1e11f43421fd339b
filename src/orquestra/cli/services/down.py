"""`orq down`."""

from pathlib import Path

import click

from orquestra.cli.options import json_option
from orquestra.cli.services.options import data_option, service_options


@click.command()
@data_option
@service_options
@json_option
def down(data: Path | None, as_json: bool) -> None:
    """Stop the local runtime. Its runs, results and logs are kept; unfinished runs go on later."""
    from orquestra.cli.printing import print_json
    from orquestra.cli.services.options import folder

    document = bring_down(folder(data), quiet=as_json)
    if as_json:
        print_json(document)


def bring_down(data: Path, *, quiet: bool) -> dict[str, object]:
    """Stop the engine and say what it leaves unfinished; the document that tells the same."""
    from orquestra.cli.services import reporting, stopping
    from orquestra.sdk.configuration import local_engine

    file = local_engine.find(data)
    unfinished = reporting.unfinished_runs(file) if file else []
    was_there = stopping.stop(data)
    document = {
        "service": "Local engine",
        "state": reporting.NOT_RUNNING,
        "stopped": was_there,
        "unfinished_runs": unfinished,
        "data": str(data),
    }
    if not quiet:
        info = "Stopped." if was_there else "Was not running."
        reporting.print_row(document, info=info)
        reporting.print_unfinished(unfinished, what="and will go on at the next `orq up`")
    return document
