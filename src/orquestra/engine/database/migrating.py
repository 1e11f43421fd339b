"""Bringing a database to the newest schema."""

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from orquestra.engine.errors import ConfigurationError

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration(database: Path) -> Config:
    """Alembic's configuration for a database file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    # A folder's name may hold what the configuration takes for the beginning of a variable.
    config.set_main_option("sqlalchemy.url", f"sqlite:///{database}".replace("%", "%%"))
    return config


def migrate(database: Path, *, change: AbstractContextManager[None] | None = None) -> None:
    """Create the database, or bring an older one up to date.

    Who comes meanwhile waits. `change` is entered only where an older database is changed.

    Raises:
        ConfigurationError: A newer release has made it, or `change` says so.
    """
    with _turn(database.with_name(f"{database.name}.lock")):
        revision = _known_revision(database)
        if revision == _scripts(database).get_current_head():
            return
        is_new = revision is None  # nobody uses it yet, and who comes meanwhile waits
        with nullcontext() if is_new or change is None else change:
            command.upgrade(configuration(database), "head")


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _scripts(database: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration(database))


def _known_revision(database: Path) -> str | None:
    """The revision of a database; None for one that is still to be made."""
    revision = _revision(database) if database.exists() else None
    known = {script.revision for script in _scripts(database).walk_revisions()}
    if revision not in {None, *known}:
        raise ConfigurationError(
            f"The database {database} was made by a newer release of orquestra-sdk. Install that "
            "one, or name another folder with --data."
        )
    return revision


def _revision(database: Path) -> str | None:
    engine = create_engine(f"sqlite:///{database}")
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
