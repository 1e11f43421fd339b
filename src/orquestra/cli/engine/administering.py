"""What the administrator's commands have in common: they look and write in a data folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from orquestra.engine.administration import Work

ResultT = TypeVar("ResultT")


def administer(data: Path, work: "Work[ResultT]", *, make: bool = False) -> ResultT:
    """Do something to the data in a folder; with `make`, also where there are none yet."""
    from orquestra.engine import administration

    return administration.administer(administration.data_folder(data, make=make), work)


def look(data: Path, work: "Work[ResultT]") -> ResultT:
    """Look something up in the data in a folder."""
    from orquestra.engine import administration

    return administration.look(administration.data_folder(data), work)


def tell_of_runs(data: Path, user: str, *, removed: bool = False) -> None:
    """Say how many runs of a user still execute, if any, whose login tokens were taken back."""
    from orquestra.engine.users import store

    number = look(data, lambda session: store.executing_runs(session, user))
    if number == 0:
        return
    reach = "no secrets any more; `orq wf stop`" if removed else "secrets until `orq wf stop`"
    click.echo(f"Runs of theirs that still execute: {number}. They can read {reach} ends them.")
