"""What is asked in every round, or for every event, reads no more than it gives."""

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.migrating import migrate
from orquestra.engine.database.sessions import Database
from orquestra.engine.nodes import store as nodes
from orquestra.engine.reconciling import store as reconciling
from orquestra.engine.reconciling import views
from orquestra.engine.reuse import store as reuse
from orquestra.engine.runs import store as runs

pytestmark = pytest.mark.anyio


@pytest.fixture
async def plan_of(tmp_path, monkeypatch):
    """Gives what SQLite would do for the queries of a call, by the text of each."""
    migrate(tmp_path / "engine.db")
    database = Database(tmp_path / "engine.db")

    async def plan(call) -> list[str]:
        asked = []
        with monkeypatch.context() as patched:
            for name in ("scalars", "scalar", "execute"):
                original = getattr(AsyncSession, name)

                async def noted(self, query, *rest, _original=original, **options):
                    asked.append(query)
                    return await _original(self, query, *rest, **options)

                patched.setattr(AsyncSession, name, noted)
            async with database.reading() as session:
                await call(session)
        steps = []
        async with database.reading() as session:
            for query in asked:
                compiled = query.compile(
                    dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
                )
                rows = await session.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))
                steps += [row.detail for row in rows]
        return steps

    yield plan
    await database.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda session: reconciling.last_run(session, "local-1"),
        lambda session: runs.executing(session, "local-1"),
        views.unreleased_clusters,
        lambda session: nodes.boot_times(session, ["image"]),
        lambda session: runs.named(session, ["run"]),
        lambda session: clusters.pools_in_use(session, ["local-1"]),
        lambda session: reuse.artifacts(session, "ada", keys=["key"]),
        lambda session: runs.elements(session, "run"),
        lambda session: runs.attempts(session, "run", of=["invocation"]),
        lambda session: runs.tries(session, "run"),
    ],
    ids=[
        "last_run",
        "executing",
        "unreleased_clusters",
        "boot_times",
        "named",
        "pools_in_use",
        "reusable_artifacts",
        "elements",
        "attempts",
        "tries",
    ],
)
async def test_the_history_of_a_cluster_is_not_read(plan_of, call):
    steps = await plan_of(call)

    assert steps
    # What a query was given is read; it is a virtual table.
    assert [step for step in steps if "SCAN" in step and "VIRTUAL TABLE" not in step] == []
    of_runs = [step for step in steps if "runs_of_cluster" in step]
    assert all("cluster_id=?" in step for step in of_runs)


async def test_the_last_run_is_found_without_sorting_all(plan_of):
    steps = await plan_of(lambda session: reconciling.last_run(session, "local-1"))

    assert [step for step in steps if "TEMP B-TREE" in step] == []


async def test_what_executes_is_found_by_its_own_index(plan_of):
    (step, *_) = await plan_of(lambda session: runs.executing(session, "local-1"))

    assert "runs_executing (executing=? AND cluster_id=?)" in step
