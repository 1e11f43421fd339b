"""Options of the commands."""

from pathlib import Path

import click

from orquestra.engine.defaults import DEFAULT_DATA

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA,
    show_default=True,
    metavar="DIR",
    help="Folder that holds all that the engine keeps; made where it does not exist.",
)
