"""Work on the data of an engine, whether that runs or not."""

import os
import pwd
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from orquestra.engine import administration
from orquestra.engine.administration import administer, data_folder, look
from orquestra.engine.clock import system_clock
from orquestra.engine.database import sessions
from orquestra.engine.database.migrating import configuration
from orquestra.engine.errors import ConfigurationError, NotFound
from orquestra.engine.occupancy import sole_use
from orquestra.engine.users import service, store


@pytest.fixture
def folder(tmp_path):
    return data_folder(tmp_path / "engine", make=True)


async def add_ada(session) -> None:
    await service.add(session, "ada", is_admin=False, password_hash=None, at=system_clock())


def users(folder) -> list[str]:
    return [user.id for user in look(folder, store.listed)]


def test_what_is_done_is_there_for_the_next(folder):
    administer(folder, add_ada)

    assert users(folder) == ["ada"]


def test_what_fails_changes_nothing(folder):
    async def half(session) -> None:
        await add_ada(session)
        await store.existing(session, "eve")

    with pytest.raises(NotFound):
        administer(folder, half)

    assert users(folder) == []


def test_a_running_engine_is_not_in_the_way(folder):
    administer(folder, add_ada)

    with sole_use(folder):
        assert users(folder) == ["ada"]


def test_a_running_engine_of_an_older_release_keeps_its_database(folder):
    command.upgrade(configuration(folder.database), "0003")

    with (
        sole_use(folder),
        pytest.raises(ConfigurationError, match=r"Another engine \(process \d+\) is running"),
    ):
        users(folder)

    assert users(folder) == []


def test_the_database_of_a_newer_release_is_left_alone(folder):
    administer(folder, add_ada)
    with closing(sqlite3.connect(folder.database)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigurationError, match="made by a newer release"):
        users(folder)


def held(folder) -> closing[sqlite3.Connection]:
    """The lock of a database that is being written to."""
    database = sqlite3.connect(folder.database, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    return closing(database)


def test_who_looks_waits_for_no_writer(folder):
    administer(folder, add_ada)

    with held(folder):
        assert users(folder) == ["ada"]


def test_an_engine_that_writes_for_long_is_told(folder, monkeypatch):
    administer(folder, add_ada)
    monkeypatch.setattr(sessions, "LOCK_PATIENCE", timedelta(0))

    with held(folder), pytest.raises(ConfigurationError, match=r"busy writing.*Try again"):
        administer(folder, add_ada)


async def broken(session) -> None:
    await session.execute(text("SELECT missing"))


@pytest.mark.parametrize("act", [administer, look])
def test_no_other_failure_is_taken_for_that(folder, act):
    with pytest.raises(OperationalError, match="no such column"):
        act(folder, broken)


def test_root_does_nothing_to_the_data_of_somebody_else(folder, monkeypatch):
    administer(folder, add_ada)
    before = sorted(folder.root.rglob("*"))
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    name = pwd.getpwuid(os.getuid()).pw_name

    with pytest.raises(ConfigurationError, match=f"is the one of {name}.*`sudo -u {name} orq"):
        data_folder(folder.root)

    assert sorted(folder.root.rglob("*")) == before


def test_nor_where_that_user_has_no_name(folder, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)

    with pytest.raises(ConfigurationError, match=f"sudo -u '#{os.getuid()}' orq"):
        data_folder(folder.root, make=True)


def test_the_first_command_beside_an_engine_that_is_starting_finds_a_new_database(folder):
    with sole_use(folder):
        administer(folder, add_ada)

    assert users(folder) == ["ada"]


def test_where_there_are_no_data_none_are_made_by_looking(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no data of an engine in .*--data"):
        administration.data_folder(tmp_path / "typo")

    assert not (tmp_path / "typo").exists()
