"""`orq up`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orquestra.cli.options import json_option
from orquestra.cli.services.options import (
    data_option,
    port_option,
    service_options,
    simulate_gpu_option,
)

if TYPE_CHECKING:
    from orquestra.cli.services.starting import StartOptions


@click.command()
@data_option
@port_option
@simulate_gpu_option
@service_options
@json_option
def up(data: Path | None, port: int, simulated_gpus: int, as_json: bool) -> None:
    """Start the local runtime. It goes on when the terminal is closed, until `orq down`."""
    from orquestra.cli.services.options import folder
    from orquestra.cli.services.starting import StartOptions

    bring_up(
        StartOptions(data=folder(data), port=port, simulated_gpus=simulated_gpus), as_json=as_json
    )


def bring_up(options: "StartOptions", *, as_json: bool) -> None:
    """Start an engine unless there is one, and say where it is and what to do next."""
    import time

    from orquestra.cli.printing import print_json
    from orquestra.cli.services import reporting, starting
    from orquestra.sdk.configuration import local_engine

    begin = time.monotonic()
    other = starting.wait_for_other(options.data)
    runs_already = other is not None
    file = other or starting.start(options)
    document = reporting.describe_running(file, data=options.data)
    document["started"] = not runs_already
    if as_json:
        print_json(document)
        return
    seconds = time.monotonic() - begin
    info = "Was running already." if runs_already else f"Started in {seconds:.1f} s."
    reporting.print_row(document, info=f"{info} {document['url']}")
    if runs_already and (options.port or options.simulated_gpus):
        click.echo("note: its options stay as they are; `orq restart` changes them", err=True)
    if options.data != local_engine.data_folder():
        click.echo(f"Let programs find it: export {local_engine.DATA_VARIABLE}={options.data}")
    click.echo("Run a workflow on it: orq wf submit MODULE -c local")
