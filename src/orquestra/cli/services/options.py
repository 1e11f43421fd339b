"""Options that the commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder that holds all that the local runtime keeps "
    "(default: as ORQ_LOCAL_DATA says, else ~/.orquestra/local).",
)

simulate_gpu_option = click.option(
    "--simulate-gpu",
    "simulated_gpus",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Announce N GPUs that are not there, for trying GPU workflows.",
)

port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on (default: a free one).",
)


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which service is meant. There is one; the options are those of release 1.1."""
    for name in ("--ray", "--all"):
        option = click.option(
            name, is_flag=True, expose_value=False, help="Accepted; the local runtime is meant."
        )
        command = option(command)
    return command


def folder(data: Path | None) -> Path:
    """The data folder that is meant."""
    from orquestra.sdk.configuration import local_engine

    return data.expanduser().resolve() if data else local_engine.data_folder()
