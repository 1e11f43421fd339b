"""Who follows a run: whether they still may, and how many streams they have."""

from datetime import timedelta

import pytest

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Member, User
from orquestra.engine.errors import TooManyStreams
from orquestra.engine.streams import followers
from orquestra.engine.streams.changes import RunChanges
from orquestra.engine.streams.connections import Connection
from orquestra.engine.streams.followers import Follower
from orquestra.engine.users import service as users
from tests.unit.engine.conftest import AT

pytestmark = pytest.mark.anyio


@pytest.fixture
async def run_id(submit):
    return await submit()


def following(services, run_id, *, user="ada", **options) -> Follower:
    token = services.tokens.issue(user, **options)
    return Follower(services=services, user=user, token=token, run_id=run_id)


async def revoke(services, token):
    async with services.database.writing() as session:
        await users.revoke(session, services.tokens.read(token), at=AT)


async def remove(services, _):
    async with services.database.writing() as session:
        (await session.get_one(User, "ada")).removed = True


@pytest.mark.parametrize("end", [revoke, remove])
async def test_a_right_ends_with_its_token_and_its_user(services, run_id, end):
    follower = following(services, run_id)
    assert await follower.still_may_see()

    await end(services, follower.token)

    assert not await follower.still_may_see()


async def test_a_right_ends_when_the_token_expires(services, run_id):
    follower = following(services, run_id, lifetime=timedelta(seconds=-1))

    assert not await follower.still_may_see()


async def test_a_right_ends_for_who_leaves_the_workspace(services, run_id):
    async with services.database.writing() as session:
        session.add(Member(workspace_id="ada", user_id="eve", role=Role.MEMBER))
    follower = following(services, run_id, user="eve")
    assert await follower.still_may_see()

    async with services.database.writing() as session:
        await session.delete(await session.get_one(Member, ("eve", "ada")))

    assert not await follower.still_may_see()


async def test_a_permission_is_asked_for_once_a_beat():
    asked = []

    async def still_may_see():
        asked.append(1)
        return False

    trusting, doubting = (
        Connection(RunChanges(), beat=beat, still_may_see=still_may_see)
        for beat in (timedelta(hours=1), timedelta(0))
    )
    assert await trusting.lasts()
    assert not asked
    assert not await doubting.lasts()


async def test_a_user_has_so_many_streams_and_others_have_theirs(services, run_id, monkeypatch):
    monkeypatch.setattr(followers, "MOST_STREAMS", 1)

    async def events():
        yield "one"
        yield "two"

    ada, eve = following(services, run_id), following(services, run_id, user="eve")
    first = ada.counted(events())
    await anext(first)

    with pytest.raises(TooManyStreams):
        ada.counted(events())
    assert [text async for text in eve.counted(events())] == ["one", "two"]
    await first.aclose()

    assert not services.changes.streams
    assert [text async for text in ada.counted(events())] == ["one", "two"]


@pytest.mark.parametrize("path", ["workflow-run-events", "workflow-run-log-events"])
async def test_one_stream_too_many_is_refused(user, services, run_id, path):
    services.changes.streams["ada"] = followers.MOST_STREAMS

    answer = await user.get(f"/api/{path}?workflowRunId={run_id}")

    assert answer.status_code == 429
    assert answer.json()["error"] == "too_many_streams"


@pytest.mark.parametrize(("who", "status"), [("eve", 403), ("ada", 404)])
@pytest.mark.parametrize("tasks", ["true", "false"])
async def test_events_are_for_those_who_may_see_the_run(user, services, run_id, who, status, tasks):
    asked = run_id if status == 403 else "no-such-run"
    user.headers["Authorization"] = f"Bearer {services.tokens.issue(who)}"

    answer = await user.get(f"/api/workflow-run-events?workflowRunId={asked}&tasks={tasks}")

    assert answer.status_code == status


@pytest.mark.parametrize("path", ["workflow-run-events", "workflow-run-log-events"])
async def test_an_endpoint_asks_for_the_right_of_its_own_request(
    user, services, run_id, path, monkeypatch
):
    tokens = []

    async def lost(follower):
        tokens.append((follower.user, follower.token, follower.run_id))
        return False

    monkeypatch.setattr(Follower, "still_may_see", lost)
    monkeypatch.setattr(Connection, "lasts", lambda connection: connection._still_may_see())

    answer = await user.get(f"/api/{path}?workflowRunId={run_id}")

    token = user.headers["Authorization"].removeprefix("Bearer ")
    assert (answer.status_code, answer.text) == (200, "")
    assert tokens == [("ada", token, run_id)]
