"""What an administrator does with workspaces and projects."""

from datetime import UTC, datetime

import pytest

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Secret
from orquestra.engine.errors import BadRequest, NotFound
from orquestra.engine.workspaces import service, store

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def described(**more) -> service.Description:
    return service.Description(created_by="ada", at=AT, **more)


@pytest.fixture
async def session(services):
    async with services.database.writing() as session:
        yield session


@pytest.fixture
async def team(session):
    await service.add(session, "team", owner="ada", description=described(name="The team"))
    return "team"


async def roles(session, workspace_id: str) -> dict[str, Role]:
    members = (await store.members(session)).get(workspace_id, ())
    return {member.user_id: member.role for member in members}


async def test_a_workspace_is_made_with_its_owner_and_a_default_project(session, team):
    assert (await store.get(session, team)).display_name == "The team"
    assert await roles(session, team) == {"ada": Role.OWNER}
    projects = await store.projects(session, workspace_id=team)
    assert [(project.id, project.display_name) for project in projects] == [("default", "default")]


async def test_members_come_change_and_go(session, team):
    later = AT.replace(hour=13)

    await service.set_member(session, team, user_id="eve", role=Role.MEMBER, at=later)
    assert await roles(session, team) == {"ada": Role.OWNER, "eve": Role.MEMBER}
    assert (await store.get(session, team)).updated_at == later

    await service.set_member(session, team, user_id="eve", role=Role.OWNER, at=later)
    assert await roles(session, team) == {"ada": Role.OWNER, "eve": Role.OWNER}

    await service.remove_member(session, team, user_id="ada", at=later)
    assert await roles(session, team) == {"eve": Role.OWNER}


async def test_an_empty_workspace_can_be_removed_with_its_members_and_projects(session, team):
    await service.add_project(session, team, "p-1", description=described())

    await service.remove(session, team)

    assert await store.ids(session) == ["ada", "eve"]
    assert await roles(session, team) == {}
    assert await store.projects(session, workspace_id=team) == []


async def test_a_workspace_with_a_secret_stays(session, team):
    session.add(
        Secret(
            workspace_id=team,
            name="token",
            owner="ada",
            key_id="k",
            nonce=b"",
            ciphertext=b"",
            created_at=AT,
            updated_at=AT,
        )
    )

    with pytest.raises(BadRequest, match="'team' is not empty, so it stays: there are 1 secrets"):
        await service.remove(session, team)


@pytest.fixture
async def used(services, user, definition):
    """A workspace and a project in it, with a definition and a run."""
    async with services.database.writing() as session:
        await service.add(session, "used", owner="ada", description=described())
        await service.add_project(session, "used", "p-1", description=described())
    place = "workspaceId=used&projectId=p-1"
    stored = await user.post(
        f"/api/workflow-definitions?{place}", content=definition.model_dump_json()
    )
    request = {"workflowDefinitionID": stored.json()["data"]["id"], "resources": {"nodes": 2}}
    created = await user.post("/api/workflow-runs", json=request)
    assert created.status_code == 201, created.text


@pytest.mark.usefixtures("used")
async def test_what_has_definitions_and_runs_stays(services):
    async with services.database.writing() as session:
        for removal in (
            service.remove(session, "used"),
            service.remove_project(session, "used", "p-1", at=AT),
        ):
            with pytest.raises(BadRequest, match="1 workflow definitions, 1 workflow runs"):
                await removal


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda session: service.add(session, "team", owner=None, description=described()),
            BadRequest,
            "There is a workspace 'team' already",
        ),
        (
            lambda session: service.add(session, "ada", owner=None, description=described()),
            BadRequest,
            "There is a workspace 'ada' already",
        ),
        (
            lambda session: service.add(session, "new", owner="bob", description=described()),
            NotFound,
            "There is no user 'bob'. There are: ada, eve.",
        ),
        (
            lambda session: service.remove(session, "none"),
            NotFound,
            "There is no workspace 'none'. There are: ada, eve, team.",
        ),
        (
            lambda session: service.remove(session, "ada"),
            BadRequest,
            "'ada' is the personal workspace",
        ),
        (
            lambda session: service.set_member(
                session, "ada", user_id="eve", role=Role.MEMBER, at=AT
            ),
            BadRequest,
            "'ada' is the personal workspace",
        ),
        (
            lambda session: service.set_member(
                session, "team", user_id="bob", role=Role.MEMBER, at=AT
            ),
            NotFound,
            "There is no user 'bob'",
        ),
        (
            lambda session: service.remove_member(session, "team", user_id="eve", at=AT),
            NotFound,
            "'eve' is no member of the workspace 'team'",
        ),
        (
            lambda session: service.add_project(
                session, "team", "default", description=described()
            ),
            BadRequest,
            "There is a project 'default' in the workspace 'team' already",
        ),
        (
            lambda session: service.add_project(session, "team", "a?b", description=described()),
            BadRequest,
            "The project 'a?b' must not have '?' in it",
        ),
        (
            lambda session: service.remove_project(session, "team", "default", at=AT),
            BadRequest,
            "Every workspace has a project 'default'",
        ),
        (
            lambda session: service.remove_project(session, "team", "none", at=AT),
            NotFound,
            "There is no project 'none' in the workspace 'team'. There are: default.",
        ),
    ],
)
async def test_what_cannot_be_done_is_told_with_the_reason(session, team, call, error, message):
    with pytest.raises(error) as refused:
        await call(session)

    assert message in str(refused.value)
