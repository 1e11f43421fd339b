"""The database that the migrations make is the one that the tables describe."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from orquestra.engine.database.migrating import configuration, migrate
from orquestra.engine.database.tables import metadata


def test_migrations_make_the_tables(tmp_path):
    migrate(tmp_path / "engine.db")

    engine = create_engine(f"sqlite:///{tmp_path / 'engine.db'}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


def test_migrating_twice_changes_nothing(tmp_path):
    migrate(tmp_path / "engine.db")
    first = (tmp_path / "engine.db").read_bytes()

    migrate(tmp_path / "engine.db")

    assert (tmp_path / "engine.db").read_bytes() == first


def test_migrations_can_be_taken_back(tmp_path):
    migrate(tmp_path / "engine.db")

    command.downgrade(configuration(tmp_path / "engine.db"), "base")
