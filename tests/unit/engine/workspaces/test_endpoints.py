"""The catalog of workspaces and projects, as the published client reads it."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from orquestra.engine.auth.caller import Role
from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.process.apps import public_app
from orquestra.engine.testing import memory_engine
from orquestra.engine.users import service as users
from orquestra.engine.workspaces import service
from tests.unit.engine.conftest import client_of

pytestmark = pytest.mark.anyio

AT = datetime(2024, 1, 1, tzinfo=UTC)
LATER = datetime(2024, 7, 1, tzinfo=UTC)


@pytest.fixture
async def shared(services):
    """A workspace of eve with a member ada, and one of eve alone."""
    described = service.Description(created_by="eve", at=AT, name="Team A", text="For all")
    alone = service.Description(created_by="eve", at=AT)
    async with services.database.writing() as session:
        await service.add(session, "ws-a", owner="eve", description=described)
        await service.add(session, "cluster/eve@example.com", owner="eve", description=alone)
        await service.set_member(session, "ws-a", user_id="ada", role=Role.MEMBER, at=LATER)
        project = service.Description(created_by="ada", at=LATER, name="Demo project")
        await service.add_project(session, "ws-a", "a-demo", description=project)


def projects_of(workspace_id: str) -> str:
    return f"/api/catalog/workspaces/zri:v1::0:system:resource_group:{workspace_id}/projects"


@pytest.fixture
def login(user, services):
    """Sends what follows as another user."""

    def logged_in(name: str) -> None:
        user.headers["Authorization"] = f"Bearer {services.tokens.issue(name)}"

    return logged_in


@pytest.mark.usefixtures("shared")
async def test_a_user_sees_their_own_workspace_first_and_those_they_are_a_member_of(user):
    answer = await user.get("/api/catalog/workspaces")

    found = answer.json()
    assert [workspace["id"] for workspace in found] == ["ada", "ws-a"]
    assert found[1] == {
        "type": "resource_group",
        "displayName": "Team A",
        "description": "For all",
        "owner": "eve",
        "createdBy": "eve",
        "createdAt": "2024-01-01T00:00:00Z",
        "lastAccessed": "2024-07-01T00:00:00Z",
        "lastUpdated": "2024-07-01T00:00:00Z",
        "tags": [],
        "status": "ready",
        "tenantId": "0",
        "resourceGroupId": "ws-a",
        "id": "ws-a",
        "logo": "",
        "namespace": "ws-0-3aws-2da",
    }


@pytest.mark.usefixtures("shared")
async def test_projects_of_a_workspace_begin_with_the_default_one(user):
    answer = await user.get(projects_of("ws-a"))

    found = answer.json()
    assert [project["id"] for project in found] == ["default", "a-demo"]
    assert found[1] == {
        "type": "project",
        "displayName": "Demo project",
        "description": "",
        "owner": "ada",
        "createdBy": "ada",
        "createdAt": "2024-07-01T00:00:00Z",
        "lastAccessed": "2024-07-01T00:00:00Z",
        "lastUpdated": "2024-07-01T00:00:00Z",
        "tags": [],
        "status": "ready",
        "tenantId": "0",
        "resourceGroupId": "ws-a",
        "id": "a-demo",
        "logo": "",
        "image": "",
        "profileName": "",
    }


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("quoted", [False, True])
async def test_ids_with_slashes_are_found_raw_and_quoted(user, login, quoted):
    login("eve")
    identifier = "cluster/eve@example.com"

    answer = await user.get(projects_of(quote(identifier, safe="") if quoted else identifier))

    assert answer.status_code == 200
    assert answer.json()[0]["resourceGroupId"] == identifier


async def test_an_administrator_is_told_of_missing_workspaces(user, services, definition):
    async with services.database.writing() as session:
        await users.set_admin(session, "ada", is_admin=True)

    answers = [
        await user.get("/api/workflow-runs?workspaceId=nope"),
        await user.post(
            "/api/workflow-definitions?workspaceId=nope", json=definition.model_dump(mode="json")
        ),
        await user.get(projects_of("nope")),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert all("There is no workspace 'nope'" in answer.text for answer in answers)


@pytest.mark.usefixtures("shared")
async def test_an_administrator_sees_all_workspaces(user, services):
    async with services.database.writing() as session:
        await users.set_admin(session, "ada", is_admin=True)

    found = (await user.get("/api/catalog/workspaces")).json()

    assert {entry["id"] for entry in found} == {"ada", "eve", "ws-a", "cluster/eve@example.com"}
    assert found[0]["id"] == "ada"
    assert (await user.get(projects_of("eve"))).status_code == 200
    assert (await user.get(projects_of("none"))).status_code == 404


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("workspace", ["eve", "cluster/eve@example.com", "none"])
async def test_a_workspace_of_others_is_refused_whether_it_exists_or_not(user, workspace):
    answer = await user.get(projects_of(workspace))

    assert answer.status_code == 403
    assert f"not a member of a workspace {workspace!r}" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["ada", "zri:v1::0:system:resource_group:", "zri:v1::0:ada:x:y"])
async def test_what_is_no_resource_name_is_a_bad_request(user, name):
    answer = await user.get(f"/api/catalog/workspaces/{name}/projects")

    assert answer.status_code == 400
    assert "<workspace id>" in answer.json()["detail"]


async def test_a_workspace_that_lost_its_owners_shows_who_made_it(user, services, shared):
    async with services.database.writing() as session:
        await users.remove(session, "eve", at=LATER)

    found = (await user.get("/api/catalog/workspaces")).json()

    assert [(entry["id"], entry["owner"]) for entry in found] == [("ada", "ada"), ("ws-a", "eve")]


async def test_a_local_engine_has_the_personal_workspace_of_its_user(tmp_path):
    async with (
        memory_engine(tmp_path, catalogue=MemoryCatalogue(), local=True) as services,
        client_of(public_app(services)) as client,
    ):
        client.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
        found = (await client.get("/api/catalog/workspaces")).json()

    assert [entry["id"] for entry in found] == ["ada"]
