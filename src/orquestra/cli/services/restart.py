"""`orq restart`."""

from pathlib import Path

import click

from orquestra.cli.options import json_option
from orquestra.cli.services.options import (
    data_option,
    port_option,
    service_options,
    simulate_gpu_option,
)


@click.command()
@data_option
@port_option
@simulate_gpu_option
@service_options
@json_option
def restart(data: Path | None, port: int, simulated_gpus: int, as_json: bool) -> None:
    """Stop the local runtime and start it again. Unfinished runs go on."""
    from orquestra.cli.services import stopping
    from orquestra.cli.services.options import folder
    from orquestra.cli.services.starting import StartOptions
    from orquestra.cli.services.up import bring_up

    options = StartOptions(data=folder(data), port=port, simulated_gpus=simulated_gpus)
    stopping.stop(options.data)
    bring_up(options, as_json=as_json)
