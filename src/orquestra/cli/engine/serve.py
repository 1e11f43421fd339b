"""`orq engine serve`."""

from pathlib import Path

import click

from orquestra.cli.engine.options import data_option
from orquestra.engine.defaults import DEFAULT_HOST, DEFAULT_PORT


@click.command()
@data_option
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="TOML file with further settings.",
)
def serve(data: Path, host: str, port: int, file: Path | None) -> None:
    """Run a Compute Engine until Ctrl-C. It logs to standard error when it is ready."""
    import asyncio
    import logging

    from orquestra.cli.engine import extra

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
    )
    # Every request of a library would be a line at INFO.
    for library in ("httpx", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    with extra.required():
        from orquestra.engine import serving
        from orquestra.engine.settings import Settings
    settings = Settings.load(data=data, host=host, port=port, file=file)
    asyncio.run(serving.serve(settings))
