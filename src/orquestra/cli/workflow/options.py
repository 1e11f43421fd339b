"""Arguments and options that several commands share."""

from pathlib import Path

import click

run_id_argument = click.argument("run_id", metavar="RUN_ID")

config_option = click.option(
    "-c",
    "--config",
    metavar="NAME",
    help="Login to use (see `orq login --list`), or `local` for the local runtime; not needed "
    "where there is only one.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

download_option = click.option(
    "--download-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Save files in this folder instead of printing.",
)
