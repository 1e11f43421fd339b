"""Arguments and options that several commands share: what they are called, and their help."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orquestra.cli.completion import values

if TYPE_CHECKING:
    from click.decorators import FC

run_id_argument = click.argument(
    "run_id", metavar="[RUN_ID]", required=False, shell_complete=values.run_ids
)
"""Where it is left out, `find_run` asks for it; use the id of the run that it gives."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

download_option = click.option(
    "--download-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Save files in this folder instead of printing.",
)

parameters_option = click.option(
    "--param",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="An argument of the workflow, of the type of its annotation; without one, JSON or else a "
    "text. May be given several times.",
)


def config_option_with(help_text: str) -> Callable[["FC"], "FC"]:
    """`-c`, which means something of its own to a command."""
    return click.option(
        "-c", "--config", metavar="NAME", shell_complete=values.config_names, help=help_text
    )


config_option = config_option_with(
    "The login to use, see `orq login --list`; `local` is the local runtime."
)


def workspace_option(help_text: str) -> Callable[["FC"], "FC"]:
    """`-w`: the workspace of what a command is about."""
    return click.option("-w", "--workspace-id", metavar="ID", help=help_text)


project_option = click.option(
    "-p", "--project-id", metavar="ID", help="Project that the run belongs to."
)
