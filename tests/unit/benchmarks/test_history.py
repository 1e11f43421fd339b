"""The database that is filled for measuring lists."""

from collections import Counter

import pytest
from sqlalchemy import create_engine, func, select

from benchmarks.history import DEFINITIONS, fill
from orquestra.engine.database.tables import Definition, Run, metadata
from orquestra.sdk.schema.workflow_run import State


@pytest.fixture
def connection(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'engine.db'}")
    metadata.create_all(engine)
    fill(tmp_path / "engine.db", runs=1_000)
    with engine.connect() as found:
        yield found
    engine.dispose()


def test_runs_have_different_times_and_mixed_states(connection):
    states = Counter(connection.scalars(select(Run.state)))

    assert states == {State.SUCCEEDED: 990, State.FAILED: 9, State.TERMINATED: 1}
    assert connection.scalar(select(func.count(Run.created_at.distinct()))) == 1_000


def test_no_run_executes(connection):
    assert connection.scalar(select(func.count()).where(Run.executing)) == 0


def test_runs_are_spread_over_definitions(connection):
    assert connection.scalar(select(func.count()).select_from(Definition)) == DEFINITIONS
    assert connection.scalar(select(func.count(Run.definition_id.distinct()))) == DEFINITIONS
