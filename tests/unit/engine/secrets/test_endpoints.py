"""What users and tasks can do with secrets, and what nobody gets to see."""

import json
import logging
from collections.abc import Iterator

import pytest

from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.process.apps import cluster_app, public_app
from orquestra.engine.testing import memory_engine
from orquestra.engine.users import service as users
from orquestra.engine.workspaces import service as workspaces
from tests.unit.engine.conftest import AT, client_of
from tests.unit.engine.secrets.conftest import IN_TEAM, SECRETS, VALUE, changed, new

pytestmark = pytest.mark.anyio


async def test_a_secret_lives_from_its_creation_to_its_removal(user):
    created = await user.post(SECRETS, json=new("token"))
    assert (created.status_code, created.json()) == (201, {"name": "token"})

    updated = await user.post(f"{SECRETS}/token", json=changed("correct-horse"))
    assert (updated.status_code, updated.json()) == (200, {"value": "correct-horse"})

    found = await user.get(f"{SECRETS}/token")
    assert found.status_code == 200
    assert found.json()["data"]["details"]["value"] == "correct-horse"

    listed = await user.get(SECRETS)
    assert (listed.status_code, listed.json()) == (200, {"data": [{"name": "token"}]})

    removed = await user.delete(f"{SECRETS}/token")
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await user.get(f"{SECRETS}/token")).status_code == 404


async def test_a_secret_is_told_with_whose_it_is_and_when_it_was_changed(user):
    await user.post(SECRETS, json=new("token"))

    (answer,) = (await user.get(f"{SECRETS}/token")).json().values()

    assert answer.pop("lastModified").startswith("2026-11-22T11:59:00")
    details = {"name": "token", "value": VALUE, "resourceGroup": "ada"}
    assert answer == {"details": details, "owner": "ada"}


async def test_a_name_that_is_taken_is_refused_as_client_1_1_0_expects(user):
    await user.post(SECRETS, json=new("token"))

    again = await user.post(SECRETS, json=new("token", "other"))

    assert again.status_code == 400
    assert again.json()["error"] == "secret_exists"
    found = await user.get(f"{SECRETS}/token")
    assert found.json()["data"]["details"]["value"] == VALUE


async def test_names_are_listed_in_order_for_each_workspace(user, team):
    for name, workspace in (("b", None), ("a", ""), ("c", "team"), ("d", "ada")):
        await user.post(SECRETS, json=new(name, workspace=workspace))

    async def listed(**query: str) -> list[str]:
        answer = await user.get(SECRETS, params=query)
        return [secret["name"] for secret in answer.json()["data"]]

    assert await listed() == ["a", "b", "d"]
    assert await listed(workspace="") == ["a", "b", "d"]
    assert await listed(workspace="ada") == ["a", "b", "d"]
    assert await listed(workspace="team") == ["c"]


@pytest.mark.parametrize("value", ["", "ä\n\0🔑", "x" * 1024 * 1024])
async def test_a_value_comes_back_to_the_letter(user, value):
    await user.post(SECRETS, json=new("token", value))

    found = await user.get(f"{SECRETS}/token")

    assert found.json()["data"]["details"]["value"] == value


@pytest.mark.parametrize("name", ["a", "db-password", "A_1.b", "x" * 128])
async def test_names_of_all_kinds_can_be_used(user, name):
    assert (await user.post(SECRETS, json=new(name))).status_code == 201
    assert (await user.get(f"{SECRETS}/{name}")).status_code == 200


BAD_NAMES = ["", "-a", "a-", ".", "..", "../a", "a b", "a/b", "a:b", "ä", "a\n", "x" * 129]


@pytest.mark.parametrize("name", BAD_NAMES)
async def test_other_names_are_refused_with_the_rule(user, name):
    answer = await user.post(SECRETS, json=new(name))

    assert answer.status_code == 400
    assert "begins and ends with a letter" in answer.json()["detail"]


@pytest.mark.parametrize(
    "address",
    [
        "a b",
        "a:b",
        "zri:v1::0:team:secret:",
        "zri:v1::0::secret:a",
        "zri:v1::0:..%2Fteam:secret:a",
        "zri:v1::0:a%2F.%2Fb:secret:a",
        "zri:v1::0:team:project:a",
        "zri:v1::1:team:secret:a",
        "zri:v1::0:a",
        "team:secret:a",
        "",
    ],
)
async def test_what_can_be_no_secret_is_not_there(user, address):
    for method, body in (("GET", None), ("POST", changed("x")), ("DELETE", None)):
        answer = await user.request(method, f"{SECRETS}/{address}", json=body)
        assert answer.status_code == 404, (method, answer.text)


async def test_workspaces_with_odd_names_are_reached(user, services):
    odd = "0:jane.doe@example.com/:secret:x"
    async with services.database.writing() as session:
        await users.ensure(session, odd, at=AT)
    token = services.tokens.issue(odd)
    headers = {"Authorization": f"Bearer {token}"}

    created = await user.post(SECRETS, json=new("a", workspace=odd), headers=headers)
    found = await user.get(f"{SECRETS}/zri:v1::0:{odd}:secret:a", headers=headers)

    assert created.status_code == 201
    assert found.json()["data"]["details"] == {"name": "a", "value": VALUE, "resourceGroup": odd}


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON " + VALUE.encode(),
        json.dumps({"data": {"name": ["a"], "value": VALUE}}).encode(),
        json.dumps({"data": {"name": "a", "value": [VALUE]}}).encode(),
        json.dumps({"data": VALUE}).encode(),
        json.dumps({"value": VALUE}).encode(),
        b'{"data": {"name": "a", "value": "\\ud800' + VALUE.encode() + b'"}}',
        json.dumps(new("a", VALUE * 60000)).encode(),
        json.dumps(new("a b", VALUE)).encode(),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_without_its_value(user, caplog, body):
    caplog.set_level(logging.DEBUG)
    await user.post(SECRETS, json=new("taken"))

    for path in (SECRETS, f"{SECRETS}/taken"):
        answer = await user.post(path, content=body)
        if answer.status_code != 200:
            assert answer.status_code == 400
            assert VALUE not in answer.text
    assert VALUE not in caplog.text


async def test_an_answer_with_a_value_is_kept_by_nobody_on_its_way(user):
    await user.post(SECRETS, json=new("token"))

    assert (await user.get(f"{SECRETS}/token")).headers["cache-control"] == "no-store"


async def test_values_are_nowhere_in_the_data_folder(user, services):
    await user.post(SECRETS, json=new("token"))
    await user.post(f"{SECRETS}/token", json=changed(VALUE + "-too"))

    for path in services.folder.root.rglob("*"):
        assert not path.is_file() or VALUE.encode() not in path.read_bytes(), path


def keys(document) -> Iterator[str]:
    """All keys of a document, at any depth."""
    parts = document.values() if isinstance(document, dict) else document
    if isinstance(document, dict):
        yield from document
    for part in parts:
        if isinstance(part, dict | list):
            yield from keys(part)


async def test_the_openapi_document_has_no_example_of_a_value(services):
    document = public_app(services).openapi()

    schemas = document["components"]["schemas"]
    assert schemas["SecretDetails"]["properties"]["value"]["format"] == "password"
    paths = [calls for path, calls in document["paths"].items() if path.startswith(SECRETS)]
    assert len(paths) == 2
    of_secrets = [schema for name, schema in schemas.items() if "Secret" in name]
    assert not {"example", "examples"} & set(keys([paths, of_secrets]))


RIGHTS = {
    # What eve, a member, may do with a secret of the workspace: one of ada, one of hers.
    "GET theirs": 200,
    "GET hers": 200,
    "POST theirs": 403,
    "POST hers": 200,
    "DELETE theirs": 403,
    "DELETE hers": 204,
}


async def request(client, method: str, address: str):
    body = changed("other") if method == "POST" else None
    return await client.request(method, address, json=body)


@pytest.mark.parametrize(("act", "status"), RIGHTS.items())
async def test_members_use_all_and_change_their_own(user, eve, team, act, status):
    await user.post(SECRETS, json=new("theirs", workspace="team"))
    await eve.post(SECRETS, json=new("hers", workspace="team"))

    method, name = act.split()
    answer = await request(eve, method, f"{IN_TEAM}{name}")

    assert answer.status_code == status
    if status == 403:
        assert "belongs to ada" in answer.json()["detail"]


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 200), ("DELETE", 204)])
async def test_owners_of_a_workspace_change_everything_in_it(user, eve, team, method, status):
    await eve.post(SECRETS, json=new("hers", workspace="team"))

    assert (await request(user, method, f"{IN_TEAM}hers")).status_code == status


async def test_another_value_from_an_owner_leaves_the_secret_whose_it_was(user, eve, team):
    await eve.post(SECRETS, json=new("hers", workspace="team"))

    await user.post(f"{IN_TEAM}hers", json=changed("other"))

    assert (await eve.get(f"{IN_TEAM}hers")).json()["data"]["owner"] == "eve"


@pytest.mark.parametrize("name", ["there", "not-there"])
@pytest.mark.parametrize("workspace", ["ada", "nobodys"])
async def test_others_are_not_even_told_what_there_is(user, eve, workspace, name):
    await user.post(SECRETS, json=new("there"))
    address = f"{SECRETS}/zri:v1::0:{workspace}:secret:{name}"

    answers = [await request(eve, method, address) for method in ("GET", "POST", "DELETE")]
    answers.append(await eve.get(SECRETS, params={"workspace": workspace}))
    answers.append(await eve.post(SECRETS, json=new(name, workspace=workspace)))

    assert {answer.status_code for answer in answers} == {403}
    assert all(VALUE not in answer.text for answer in answers)


async def test_an_administrator_may_do_everything_and_is_told_of_missing_workspaces(services, user):
    async with services.database.writing() as session:
        (await users.ensure(session, "root", at=AT)).is_admin = True
    await user.post(SECRETS, json=new("token"))
    user.headers["Authorization"] = f"Bearer {services.tokens.issue('root')}"

    address = f"{SECRETS}/zri:v1::0:ada:secret:token"
    assert (await user.get(address)).json()["data"]["details"]["value"] == VALUE
    assert (await user.delete(address)).status_code == 204
    for missing in (
        await user.post(SECRETS, json=new("token", workspace="nobodys")),
        await user.get(SECRETS, params={"workspace": "nobodys"}),
    ):
        assert (missing.status_code, missing.json()["error"]) == (404, "not_found")


@pytest.fixture
async def task(services, submit):
    """The client of a task, through the app that heads of run clusters reach."""
    run_id = await submit()
    token = services.tokens.of_run(run_id, owner="ada", created_at=AT)
    async with client_of(cluster_app(services)) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


async def test_a_task_has_the_secrets_of_its_run(task, user):
    await user.post(SECRETS, json=new("token"))

    assert (await task.get(f"{SECRETS}/token")).json()["data"]["details"]["value"] == VALUE
    assert (await task.post(SECRETS, json=new("made"))).status_code == 201
    assert (await task.post(f"{SECRETS}/made", json=changed("other"))).status_code == 200
    assert (await task.delete(f"{SECRETS}/made")).status_code == 204
    assert (await task.get(SECRETS)).json() == {"data": [{"name": "token"}]}


async def test_a_task_has_no_secrets_of_other_workspaces_of_its_owner(task, user, team):
    await user.post(SECRETS, json=new("token", workspace="team"))

    answer = await task.get(f"{IN_TEAM}token")

    assert answer.status_code == 403
    assert VALUE not in answer.text


async def test_a_run_of_an_administrator_has_the_secrets_of_its_workspace_only(
    services, user, definition
):
    described = workspaces.Description(created_by="ada", at=AT)
    async with services.database.writing() as session:
        (await users.ensure(session, "root", at=AT)).is_admin = True
        await workspaces.add(session, "team", owner="ada", description=described)
    await user.post(SECRETS, json=new("token", workspace="team"))
    await user.post(SECRETS, json=new("token"))
    user.headers["Authorization"] = f"Bearer {services.tokens.issue('root')}"
    stored = await user.post(
        "/api/workflow-definitions?workspaceId=team", content=definition.model_dump_json()
    )
    wanted = {"workflowDefinitionID": stored.json()["data"]["id"], "resources": {}}
    run = (await user.post("/api/workflow-runs", json=wanted)).json()["data"]["id"]
    user.headers["Authorization"] = (
        f"Bearer {services.tokens.of_run(run, owner='root', created_at=AT)}"
    )

    assert (await user.get(f"{IN_TEAM}token")).json()["data"]["details"]["value"] == VALUE
    assert (await user.delete(f"{IN_TEAM}token")).status_code == 403
    assert (await user.get(f"{SECRETS}/zri:v1::0:ada:secret:token")).status_code == 403


async def test_a_task_of_a_removed_run_has_none(task, user, services):
    await user.post(SECRETS, json=new("token"))
    (run,) = (await user.get("/api/workflow-runs")).json()["data"]
    await user.post(f"/api/workflow-runs/{run['id']}/terminate")

    answer = await task.get(f"{SECRETS}/token")

    assert answer.status_code == 401
    assert VALUE not in answer.text


@pytest.mark.parametrize("app", [public_app, cluster_app])
@pytest.mark.parametrize("token", [None, "wrong", "of the cluster"])
async def test_no_other_token_opens_anything(services, submit, user, app, token):
    await user.post(SECRETS, json=new("token"))
    if token == "of the cluster":
        token = services.tokens.of_cluster(await submit())
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async with client_of(app(services)) as client:
        answers = [
            await client.get(SECRETS, headers=headers),
            await client.post(SECRETS, headers=headers, json=new("other")),
            *[
                await client.request(method, f"{SECRETS}/token", headers=headers)
                for method in ("GET", "POST", "DELETE")
            ],
        ]

    assert {answer.status_code for answer in answers} == {401}


async def test_a_compute_engine_answers_whatever_login_a_program_names(user):
    await user.post(SECRETS, json=new("token"))

    assert (await user.get(f"{SECRETS}/token?config=prod")).status_code == 200


async def test_the_local_runtime_has_one_workspace_whatever_is_named(tmp_path):
    async with memory_engine(tmp_path, catalogue=MemoryCatalogue(), local=True) as services:
        headers = {"Authorization": f"Bearer {services.tokens.issue('ada')}"}
        async with client_of(public_app(services)) as user:
            await user.post(SECRETS, json=new("token", workspace="team"), headers=headers)
            found = await user.get(f"{SECRETS}/token", headers=headers)
            listed = await user.get(f"{SECRETS}?workspace=other&config=ray", headers=headers)

    assert found.json()["data"]["details"]["value"] == VALUE
    assert listed.json()["data"] == [{"name": "token"}]
