"""The database that the migrations make is the one that the tables describe."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from orquestra.engine.clock import system_clock
from orquestra.engine.database.migrating import configuration, migrate
from orquestra.engine.database.opening import open_database
from orquestra.engine.database.tables import metadata
from orquestra.engine.users import service as users

AT = "2026-11-01 12:00:00.000000"


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


def test_who_comes_while_another_migrates_waits_and_finds_it_done(tmp_path):
    with ThreadPoolExecutor() as threads:
        attempts = [threads.submit(migrate, tmp_path / "engine.db") for _ in range(4)]

    assert [attempt.result() for attempt in attempts] == [None] * 4


def test_a_folder_may_have_a_percent_sign_in_its_name(tmp_path):
    folder = tmp_path / "100%done %(here)s"
    folder.mkdir()

    migrate(folder / "engine.db")

    assert (folder / "engine.db").exists()


def insert(database: sqlite3.Connection, table: str, **values) -> None:
    names = ", ".join(values)
    places = ", ".join("?" * len(values))
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(values.values()))


def add_run(database: sqlite3.Connection, run_id: str, **differences) -> None:
    run = {
        "id": run_id,
        "definition_id": "d",
        "result_id": f"result of {run_id}",
        "owner": "ada",
        "workspace_id": "ada",
        "project_id": "default",
        "state": "SUCCEEDED",
        "warnings": "[]",
        "created_at": AT,
        "ended_at": AT,
        "dry_run": False,
        "total_tasks": 2,
        "completed_tasks": 2,
        "executing": False,
        "released": True,
        "head_image": "base@sha256:1",
        "head_cpu": 1,
        "head_memory": 2,
        "head_launches": 1,
    }
    insert(database, "runs", **(run | differences))


def add_task(database, run_id: str, name: str, *, position: int, pool: str, **task) -> None:
    insert(
        database,
        "task_runs",
        run_id=run_id,
        invocation_id=name,
        position=position,
        pool_id=pool,
        **task,
    )


def add_attempt(database, run_id: str, name: str, number: int, **attempt) -> None:
    insert(
        database,
        "task_attempts",
        run_id=run_id,
        invocation_id=name,
        attempt=number,
        **attempt,
    )


@pytest.fixture
def old(tmp_path):
    """A database of the first release with a finished run, and one that executes."""
    path = tmp_path / "engine.db"
    command.upgrade(configuration(path), "0001")
    with closing(sqlite3.connect(path)) as database, database:
        insert(
            database,
            "definitions",
            id="d",
            name="solving",
            owner="ada",
            workspace_id="ada",
            project_id="default",
            created_at=AT,
            sdk_version="1.1.0",
            document="{}",
        )
        add_run(database, "done")
        pool = {"pinned_image": "i@sha256:2", "max_nodes": 3, "cpu": 1, "memory": 2, "gpu": 0}
        for name in ("p-1", "p-2"):
            insert(database, "pools", run_id="done", id=name, image="i", **pool)
        # Later in the definition, stored earlier.
        add_task(database, "done", "i-b", position=1, pool="p-1", state="SUCCEEDED", ended_at=AT)
        add_task(database, "done", "i-a", position=0, pool="p-1", state="SUCCEEDED", ended_at=AT)
        add_attempt(database, "done", "i-a", 1, node_id="n", state="FAILED", ended_at=AT)
        add_attempt(database, "done", "i-a", 2, node_id="n", state="SUCCEEDED", ended_at=AT)
        insert(
            database,
            "nodes",
            run_id="done",
            id="n",
            pool_id="p-1",
            request_id="r",
            tags="{}",
            state="STOPPED",
            requested_at=AT,
        )
        insert(
            database,
            "artifacts",
            id="v",
            run_id="done",
            artifact_node_id="a",
            invocation_id="i-a",
            packed=True,
            file="f",
            format="JSON",
            size=7,
            created_at=AT,
        )
        insert(database, "event_cursors", run_id="done", sender="executor", sequence=9)
        executing = {"executing": True, "released": False, "head_launches": 3, "ended_at": None}
        add_run(database, "cut", state="RUNNING", **executing)
        insert(database, "pools", run_id="cut", id="p-1", image="i", **pool)
        add_task(database, "cut", "i-a", position=0, pool="p-1", state="RUNNING")
        add_attempt(database, "cut", "i-a", 1, node_id="m", state="RUNNING")
    return path


@pytest.fixture
def rows(old):
    """Runs a query on the database after it has been brought up to date."""

    def asked(query: str) -> list[tuple]:
        migrate(old)
        with closing(sqlite3.connect(old)) as database:
            database.execute("PRAGMA foreign_keys=ON")
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            return database.execute(query).fetchall()

    return asked


def test_old_runs_become_clusters_of_which_nothing_is_left(rows):
    clusters = "SELECT id, shared, retired, released, head_launches FROM clusters ORDER BY id"

    assert rows(clusters) == [("cut", 0, 1, 1, 3), ("done", 0, 1, 1, 1)]
    assert rows("SELECT id, cluster_id, heads_lost FROM runs ORDER BY id") == [
        ("cut", "cut", 2),
        ("done", "done", 0),
    ]


def test_old_pools_know_their_invocations_in_the_order_of_the_definition(rows):
    pools = rows("SELECT pool_id, max_nodes, invocations FROM run_pools WHERE run_id = 'done'")

    assert [(pool, most, json.loads(names)) for pool, most, names in pools] == [
        ("p-1", 3, ["i-a", "i-b"]),
        ("p-2", 3, []),
    ]
    assert rows("SELECT cluster_id, id, min_nodes FROM cluster_pools ORDER BY 1, 2") == [
        ("cut", "p-1", 0),
        ("done", "p-1", 0),
        ("done", "p-2", 0),
    ]
    assert rows("SELECT cluster_id, id, pool_id FROM nodes") == [("done", "n", "p-1")]


def test_the_last_attempt_of_an_ended_task_is_final(rows):
    attempts = "SELECT run_id, attempt, state, final FROM task_attempts ORDER BY run_id, attempt"

    assert rows(attempts) == [
        ("cut", 1, "FAILED", 1),
        ("done", 1, "FAILED", 0),
        ("done", 2, "SUCCEEDED", 1),
    ]


def test_old_values_fill_their_files(rows):
    assert rows('SELECT file, "offset", size FROM artifacts') == [("f", 0, 7)]


def test_a_run_that_was_executing_has_failed_and_says_why(rows):
    ((state, message, executing),) = rows(
        "SELECT state, message, executing FROM runs WHERE id = 'cut'"
    )

    assert (state, executing) == ("FAILED", 0)
    assert "Submit the workflow again" in message


PLACES = {
    # Workspaces and projects were any text.
    "another's": ("ada", "secret plans"),
    "that of somebody who comes later": ("bob", "default"),
    "a name": ("team", "annealing"),
    "her own": ("eve", "p#1"),
    "no path": ("a?b//c", "default"),
    "empty": ("", ""),
}


@pytest.fixture
def eve(old):
    """A database of an earlier release in which eve has put things into all kinds of places."""
    with closing(sqlite3.connect(old)) as database, database:
        for name, (workspace, project) in PLACES.items():
            where = {"owner": "eve", "workspace_id": workspace, "project_id": project}
            definition = {"id": name, "name": "w", "sdk_version": "", "document": "{}"}
            insert(database, "definitions", created_at=AT, **definition, **where)
            add_run(database, f"run in {name}", definition_id=name, result_id=name, **where)


@pytest.mark.usefixtures("eve")
def test_all_that_users_have_put_anywhere_is_in_their_own_workspaces(rows):
    place = "SELECT owner, workspace_id, project_id, COUNT(*) FROM {} GROUP BY 1, 2, 3 ORDER BY 1"

    hers = ("eve", "eve", "default", len(PLACES))
    assert rows(place.format("definitions")) == [("ada", "ada", "default", 1), hers]
    assert rows(place.format("runs")) == [("ada", "ada", "default", 2), hers]
    assert rows("SELECT user_id, workspace_id, role FROM members ORDER BY 1, 2") == [
        ("ada", "ada", "OWNER"),
        ("eve", "eve", "OWNER"),
    ]
    assert rows("SELECT id FROM workspaces ORDER BY 1") == [("ada",), ("eve",)]
    assert rows("SELECT workspace_id, id FROM projects ORDER BY 1, 2") == [
        ("ada", "default"),
        ("eve", "default"),
    ]


@pytest.mark.anyio
@pytest.mark.usefixtures("eve")
async def test_no_text_of_earlier_releases_keeps_anybody_out(old):
    async with open_database(old) as database, database.writing() as session:
        for workspace, _ in PLACES.values():
            if workspace.isalpha():
                await users.ensure(session, workspace, at=system_clock())


def test_an_upgrade_that_fails_leaves_the_database_of_the_earlier_release(old):
    with closing(sqlite3.connect(old)) as database, database:
        database.execute("CREATE TABLE run_pools (in_the_way)")

    with pytest.raises(Exception, match="run_pools already exists"):
        migrate(old)

    with closing(sqlite3.connect(old)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert database.execute("SELECT state FROM runs WHERE id = 'cut'").fetchall() == [
            ("RUNNING",)
        ]


def test_there_is_no_way_back_and_it_says_what_to_do_instead(tmp_path):
    migrate(tmp_path / "engine.db")

    with pytest.raises(NotImplementedError, match=r"Restore the copy of engine\.db"):
        command.downgrade(configuration(tmp_path / "engine.db"), "base")
