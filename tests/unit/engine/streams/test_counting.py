"""How many streams a user reads."""

import pytest

from orquestra.engine.errors import TooManyStreams
from orquestra.engine.streams import counting
from orquestra.engine.streams.changes import RunChanges
from orquestra.engine.streams.counting import counted

pytestmark = pytest.mark.anyio


async def test_a_user_has_so_many_streams_and_others_have_theirs(monkeypatch):
    monkeypatch.setattr(counting, "MOST_STREAMS", 1)
    changes = RunChanges()

    async def events():
        yield "one"
        yield "two"

    first = counted(events(), changes, user="ada")
    await anext(first)

    with pytest.raises(TooManyStreams):
        counted(events(), changes, user="ada")
    assert [text async for text in counted(events(), changes, user="eve")] == ["one", "two"]
    await first.aclose()

    assert not changes.streams
    assert [text async for text in counted(events(), changes, user="ada")] == ["one", "two"]


@pytest.mark.parametrize("path", ["workflow-run-events", "workflow-run-log-events"])
async def test_one_stream_too_many_is_refused(user, services, submit, path):
    run_id = await submit()
    services.changes.streams["ada"] = counting.MOST_STREAMS

    answer = await user.get(f"/api/{path}?workflowRunId={run_id}")

    assert answer.status_code == 429
    assert answer.json()["error"] == "too_many_streams"
