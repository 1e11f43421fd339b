"""The group `orq engine secrets`."""

from pathlib import Path

import click

from orquestra.cli.engine.options import data_option
from orquestra.cli.options import json_option


@click.group()
def secrets() -> None:
    """Change the key that secrets are encrypted with."""


@secrets.command()
@json_option
@data_option
def rotate_key(as_json: bool, data: Path) -> None:
    """Encrypt all secrets with a new key, and forget the old one.

    The engine may run meanwhile. With keys in ORQUESTRA_SECRETS_KEY, put a new one first there,
    start the engine again, run this command with the same variable, then leave the old one out.
    """
    from orquestra.cli.printing import print_json
    from orquestra.engine.administration import data_folder
    from orquestra.engine.secrets import rotation
    from orquestra.engine.secrets.key_source import VARIABLE, KeySource

    folder = data_folder(data)
    source = KeySource(folder.keys)
    done = rotation.rotate(folder, source)
    if as_json:
        print_json({"key_id": done.key_id, "secrets": done.secrets})
        return
    noun = "secret was" if done.secrets == 1 else "secrets were"
    click.echo(f"{done.secrets} {noun} encrypted anew. All are with the key {done.key_id} now.")
    if source.is_environment:
        click.echo(f"It is the first one of {VARIABLE}; no other key is needed any more.")
