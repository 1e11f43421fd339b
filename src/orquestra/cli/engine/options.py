"""Options that both commands have."""

from pathlib import Path

import click

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/.orquestra/engine"),
    show_default=True,
    metavar="DIR",
    help="Folder that holds all that the engine keeps; made where it does not exist.",
)
