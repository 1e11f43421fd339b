"""`orq engine serve`."""

from pathlib import Path

import click

from orquestra.cli.services.options import simulate_gpu_option
from orquestra.engine.defaults import DEFAULT_DATA, DEFAULT_HOST, DEFAULT_PORT


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder that holds all that the engine keeps; made where it does not exist "
    f"(default: {DEFAULT_DATA}; with --local ~/.orquestra/local).",
)
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port to listen on; 0 takes a free one (default: {DEFAULT_PORT}; with --local 0).",
)
@click.option(
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="TOML file with further settings.",
)
@click.option(
    "--local",
    is_flag=True,
    help="Be the local runtime of one user; `orq up` starts such an engine in the background.",
)
@simulate_gpu_option
def serve(
    data: Path | None,
    host: str,
    port: int | None,
    file: Path | None,
    local: bool,
    simulated_gpus: int,
) -> None:
    """Run a Compute Engine until Ctrl-C. It logs to standard error when it is ready."""
    from orquestra.engine.process import serving
    from orquestra.engine.settings import Settings
    from orquestra.sdk.configuration import local_engine

    _log()
    default_data, default_port = DEFAULT_DATA, DEFAULT_PORT
    if local:
        default_data, default_port = local_engine.data_folder(), 0
    settings = Settings.load(
        data=data or default_data,
        host=host,
        port=default_port if port is None else port,
        file=file,
        local=local,
        simulated_gpus=simulated_gpus,
    )
    serving.run(settings)


def _log() -> None:
    import logging

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
    )
    # Every request of a library would be a line at INFO.
    for library in ("httpx", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
