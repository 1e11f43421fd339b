"""`orq status`."""

from pathlib import Path

import click

from orquestra.cli.options import json_option
from orquestra.cli.services.options import data_option


@click.command()
@data_option
@json_option
def status(data: Path | None, as_json: bool) -> None:
    """Show whether the local runtime is running, where, and what it does."""
    from orquestra.cli import printing
    from orquestra.cli.services import reporting
    from orquestra.cli.services.options import folder

    document = reporting.describe(folder(data))
    if as_json:
        printing.print_json(document)
        return
    reporting.print_row(document, info=_INFO[document["state"]])
    names = {"url": "Address", "pid": "Process", "version": "Version", "cluster": "Cluster"}
    names |= {"data": "Data", "log": "Log"}
    facts = {title: str(document[key]) for key, title in names.items() if document.get(key)}
    printing.print_facts(facts)
    reporting.print_unfinished(document.get("unfinished_runs", []), what="but waiting or executing")


_INFO = {
    "Running": "`orq down` stops it.",
    "Not Running": "`orq up` starts it.",
    "Not Answering": "It starts, stops or hangs; `orq restart` ends it and starts another.",
}
