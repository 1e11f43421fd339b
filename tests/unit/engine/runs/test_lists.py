"""Lists of runs stay fast however many there are: they are made from indexes alone."""

import itertools

import pytest
from sqlalchemy import event

from orquestra.engine.database.positions import Position
from orquestra.engine.runs import store
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT

pytestmark = pytest.mark.anyio

FILTERS = {
    "after": Position(at=AT, id="run"),
    "definition_id": "d",
    "project_id": "p",
    "created_since": AT,
    "states": (State.FAILED, State.RUNNING),
}


@pytest.fixture
def query(services):
    """The last query, with its parameters."""
    asked = []
    engine = services.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    return lambda: asked[-1]


@pytest.mark.parametrize("workspace", ["", "w"], ids=["own", "of a workspace"])
@pytest.mark.parametrize(
    "names", [(), *((name,) for name in FILTERS), *itertools.combinations(FILTERS, 2), (*FILTERS,)]
)
async def test_no_filter_reads_rows_that_are_not_on_the_page(services, query, names, workspace):
    async with services.database.reading() as session:
        filters = {name: FILTERS[name] for name in names}
        await store.page(session, owner="ada", workspace_id=workspace, size=100, **filters)
        statement, parameters = query()
        connection = await session.connection()
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [step[-1] for step in plan.all()]

    page, *rest = (step for step in steps if step.startswith(("SEARCH", "SCAN")))
    assert page == "SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id=?)"
    assert all("COVERING INDEX" in step for step in rest), steps
