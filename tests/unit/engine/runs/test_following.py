"""Whether who follows a run still may see it."""

from datetime import timedelta

import pytest

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Member, User
from orquestra.engine.runs import service
from orquestra.engine.streams.connections import Connection
from orquestra.engine.users import service as users
from tests.unit.engine.conftest import AT

pytestmark = pytest.mark.anyio


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
def may_see(services, run_id):
    """Whether a request with a token would be answered now."""

    async def ask(token: str) -> bool:
        return await service.still_may_see(services, run_id, token=token)

    return ask


async def revoke(services, token):
    async with services.database.writing() as session:
        await users.revoke(session, services.tokens.read(token), at=AT)


async def remove(services, _):
    async with services.database.writing() as session:
        (await session.get_one(User, "ada")).removed = True


@pytest.mark.parametrize("end", [revoke, remove])
async def test_a_right_ends_with_its_token_and_its_user(services, may_see, end):
    token = services.tokens.issue("ada")
    assert await may_see(token)

    await end(services, token)

    assert not await may_see(token)


async def test_a_right_ends_when_the_token_expires(services, may_see):
    assert not await may_see(services.tokens.issue("ada", lifetime=timedelta(seconds=-1)))


async def test_a_right_ends_for_who_leaves_the_workspace(services, may_see):
    token = services.tokens.issue("eve")
    async with services.database.writing() as session:
        session.add(Member(workspace_id="ada", user_id="eve", role=Role.MEMBER))
    assert await may_see(token)

    async with services.database.writing() as session:
        await session.delete(await session.get_one(Member, ("eve", "ada")))

    assert not await may_see(token)


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

    async def lost(_, run_id, *, token):
        tokens.append((token, run_id))
        return False

    monkeypatch.setattr(service, "still_may_see", lost)
    monkeypatch.setattr(Connection, "lasts", lambda connection: connection._still_may_see())

    answer = await user.get(f"/api/{path}?workflowRunId={run_id}")

    token = user.headers["Authorization"].removeprefix("Bearer ")
    assert (answer.status_code, answer.text) == (200, "")
    assert tokens == [(token, run_id)]
