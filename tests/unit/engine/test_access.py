"""What belongs to somebody else is not to be seen, used or ended: every route of both apps."""

import base64
import gzip
import json
from dataclasses import dataclass
from datetime import timedelta

import jwt
import pytest

from orquestra.engine.auth.caller import Role
from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.auth.tokens import Tokens
from orquestra.engine.database.tables import Member, RevokedToken, User
from orquestra.engine.process.apps import cluster_app, public_app
from tests.unit.engine.conftest import AT, Head, client_of, finished, invocation_of, started
from tests.unit.engine.operations import operations, unknown_parameters

pytestmark = pytest.mark.anyio

PUBLIC = {"begin_login", "login_page", "log_in", "healthz", "readyz"}
FOR_TASKS = {"list_secrets", "create_secret", "get_secret", "update_secret", "delete_secret"}
DOCUMENT = public_app(None).openapi()
INTERNAL_DOCUMENT = cluster_app(None).openapi()
CLOSED = [operation for operation in operations(DOCUMENT) if not operation.is_public]
OF_CLUSTERS = [each for each in operations(INTERNAL_DOCUMENT) if "cluster_id" in each.in_path]

UUID = "3f0c1c1e-7c1c-4d0a-9d7e-0a1b2c3d4e5f"
UNKNOWN = {
    "definition_id": UUID,
    "run_id": "unknown-Ab1Cd-r000",
    "workflowRunId": "unknown-Ab1Cd-r000",
    "artifact_id": UUID,
    "result_id": UUID,
    "nameOrZRI": "unknown",
}
"""Names of nothing. Of workspaces it is not said whether there are any; those are left out."""

MARKERS = ("solving", "solver", "adas", "default", UUID)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What ada has: a run that is over, with all that belongs to it, and one that executes."""

    values: dict[str, str]
    bodies: dict[str, object]
    executing: Head


@pytest.fixture
async def story(user, services, submit, head_of, definition):
    run_id = await submit()
    head = head_of(run_id)
    for invocation in definition.task_invocations.values():
        for output_id in invocation.output_ids:
            await head.store(output_id, b'"adas-value"')
    await head.tell(1, [started(run_id), finished(run_id)])
    services.logs.note(run_id, "adas-line", at=AT.timestamp())
    secret = {"name": "adas-secret", "value": "adas-password", "resourceGroup": "ada"}
    assert (await user.post("/api/config/secrets", json={"data": secret})).status_code == 201

    async def data(path: str):
        return (await user.get(f"/api/{path}")).json()["data"]

    run = await data(f"workflow-runs/{run_id}")
    values = {
        "definition_id": run["definitionId"],
        "run_id": run_id,
        "workflowRunId": run_id,
        "artifact_id": next(iter((await data(f"artifacts?workflowRunId={run_id}")).values()))[0],
        "result_id": (await data(f"run-results?workflowRunId={run_id}"))[0],
        "nameOrZRI": "zri:v1::0:ada:secret:adas-secret",
        "resource_name": "zri:v1::0:system:resource_group:ada",
        "workspaceId": "ada",
        "workspace": "ada",
        "taskInvocationId": invocation_of(definition, "load"),
    }
    bodies = {
        "create_definition": definition.model_dump(mode="json"),
        "create_run": {"workflowDefinitionID": run["definitionId"]},
        "create_secret": {"data": {**secret, "name": "another"}},
        "update_secret": {"data": {"value": "adas-password"}},
        "find_cached": {"keys": []},
        "post_events": {"sender": "eve", "sequence": 1, "events": []},
        "request_nodes": {"request_id": "r", "pool_id": "p", "count": 1, "tags": {}},
    }
    return Story(values=values, bodies=bodies, executing=head_of(await submit()))


@pytest.fixture
async def client(services):
    async with client_of(public_app(services)) as client:
        yield client


@pytest.fixture
async def internal(services):
    async with client_of(cluster_app(services)) as client:
        yield client


@pytest.fixture
def bearer(services):
    return lambda user, **options: f"Bearer {services.tokens.issue(user, **options)}"


async def answers(client, story, token, *, of=CLOSED, values=None):
    """What each operation answers, with the status."""
    given = story.values | (values or {})
    return {
        operation: await operation.send(client, given, bodies=story.bodies, token=token)
        for operation in of
    }


def differing(answered, *, expected):
    """The operations that answer anything but the expected, or tell what they must not."""
    return {
        str(operation): (answer.status_code, answer.text)
        for operation, answer in answered.items()
        if answer.status_code not in expected or any(marker in answer.text for marker in MARKERS)
    }


@pytest.mark.parametrize("document", [DOCUMENT, INTERNAL_DOCUMENT], ids=["public", "internal"])
def test_what_every_parameter_names_is_known(document):
    assert unknown_parameters(document) == set(), "say in operations.py what these name"


def test_only_login_and_health_are_open_to_all():
    assert {each.name for each in operations(DOCUMENT) if each.is_public} == PUBLIC
    assert [str(each) for each in operations(INTERNAL_DOCUMENT) if each.is_public] == []


def forged(services, user):
    """A token as ours, but without a signature."""
    claims = services.tokens.issue(user).split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    return f"Bearer {header}.{claims}."


WRONG_TOKENS = {
    "none": lambda _: None,
    "empty": lambda _: "Bearer ",
    "another scheme": lambda _: "Basic YWRhOmFkYQ==",
    "garbage": lambda _: "Bearer garbage",
    "not ASCII": lambda _: "Bearer für-ada".encode(),
    "of another engine": lambda _: f"Bearer {Tokens(SecretKey(b'other')).issue('ada')}",
    "unsigned": lambda services: forged(services, "ada"),
    "expired": lambda services: (
        f"Bearer {services.tokens.issue('ada', lifetime=timedelta(seconds=-1))}"
    ),
    "of nobody": lambda services: f"Bearer {services.tokens.issue('nobody')}",
    "of a run that is not": lambda services: (
        f"Bearer {services.tokens.of_run('unknown', owner='ada', created_at=AT)}"
    ),
}


@pytest.mark.parametrize("kind", WRONG_TOKENS)
async def test_nothing_is_told_without_a_token_that_counts(client, services, story, kind):
    answered = await answers(client, story, WRONG_TOKENS[kind](services))

    assert differing(answered, expected={401}) == {}
    assert {answer.headers["WWW-Authenticate"] for answer in answered.values()} == {"Bearer"}


async def test_a_token_that_was_taken_back_counts_no_more(client, services, story):
    token = services.tokens.issue("ada")
    revoked = jwt.decode(token, options={"verify_signature": False})["jti"]
    async with services.database.writing() as session:
        session.add(RevokedToken(id=revoked, expires_at=AT + timedelta(days=30)))

    answered = await answers(client, story, f"Bearer {token}")

    assert differing(answered, expected={401}) == {}


async def test_a_user_who_was_removed_is_nobody(client, services, story, bearer):
    token = bearer("ada")
    async with services.database.writing() as session:
        (await session.get_one(User, "ada")).removed = True

    answered = await answers(client, story, token)

    assert differing(answered, expected={401}) == {}


async def test_the_token_of_a_run_ends_with_it(client, services, story):
    over = services.tokens.of_run(story.values["run_id"], owner="ada", created_at=AT)

    answered = await answers(client, story, f"Bearer {over}")

    assert differing(answered, expected={401}) == {}


async def test_a_token_of_a_cluster_is_no_login(client, services, story):
    token = services.tokens.of_cluster(story.executing.cluster_id)

    answered = await answers(client, story, f"Bearer {token}")

    assert differing(answered, expected={401}) == {}


async def test_a_thing_is_somebody_elses(client, services, story, bearer):
    answered = await answers(client, story, bearer("eve"))

    things = {each: answer for each, answer in answered.items() if _names_something(each)}
    others = {each: answer for each, answer in answered.items() if each not in things}
    assert differing(things, expected={403}) == {}
    assert {str(each) for each in others} == {
        "GET /api/catalog/workspaces",
        "GET /api/config/secrets",
        "GET /api/workflow-definitions",
        "GET /api/workflow-runs",
        "POST /api/workflow-definitions",
    }
    assert {answer.status_code for answer in others.values()} <= {200, 201}
    assert "ada" not in "".join(answer.text for answer in others.values())


def _names_something(operation):
    return bool(operation.things) or operation.name in {"create_run", "create_secret"}


async def test_nothing_of_a_user_is_changed_by_what_is_refused_to_others(
    user, client, story, bearer
):
    token = user.headers["Authorization"]
    reading = [each for each in CLOSED if each.method == "GET"]
    before = await answers(client, story, token, of=reading)

    await answers(client, story, bearer("eve"))

    after = await answers(client, story, token, of=reading)
    assert {str(each): answer.status_code for each, answer in before.items()} == {
        str(each): 200 for each in reading
    }
    assert {str(each): _content(answer) for each, answer in after.items()} == {
        str(each): _content(answer) for each, answer in before.items()
    }


def _content(answer):
    # The packing of an archive says when that was done.
    is_packed = answer.headers["Content-Type"] == "application/gzip"
    return gzip.decompress(answer.content) if is_packed else answer.content


@pytest.mark.parametrize("who", ["ada", "eve"])
async def test_what_nobody_has_is_not_found(client, story, bearer, who):
    named = [each for each in CLOSED if each.things & UNKNOWN.keys()]

    answered = await answers(client, story, bearer(who), of=named, values=UNKNOWN)

    assert {str(each): answer.status_code for each, answer in answered.items()} == {
        str(each): 404 for each in named
    }


async def test_the_token_of_a_run_opens_secrets_only(client, services, story):
    token = services.tokens.of_run(story.executing.run_id, owner="ada", created_at=AT)

    answered = await answers(client, story, f"Bearer {token}")

    secrets = {each: answer for each, answer in answered.items() if each.name in FOR_TASKS}
    others = {each: answer for each, answer in answered.items() if each not in secrets}
    assert differing(others, expected={403}) == {}
    assert {answer.status_code for answer in secrets.values()} <= {200, 201, 204}
    assert {each.name for each in secrets} == FOR_TASKS


async def test_the_token_of_a_run_opens_nothing_of_somebody_else(
    client, internal, services, story, bearer
):
    stored = await client.post(
        "/api/workflow-definitions",
        json=story.bodies["create_definition"],
        headers={"Authorization": bearer("eve")},
    )
    created = await client.post(
        "/api/workflow-runs",
        json={"workflowDefinitionID": stored.json()["data"]["id"]},
        headers={"Authorization": bearer("eve")},
    )
    run_id = created.json()["data"]["id"]
    token = f"Bearer {services.tokens.of_run(run_id, owner='eve', created_at=AT)}"

    for app in (client, internal):
        of = [each for each in CLOSED if each.name in FOR_TASKS and _names_something(each)]
        answered = await answers(app, story, token, of=of)

        assert differing(answered, expected={403}) == {}


@pytest.fixture
async def shared(services, story):
    """What ada has, in a workspace of hers in which eve may be something."""

    async def shared_with_eve(role):
        async with services.database.writing() as session:
            session.add(Member(user_id="eve", workspace_id="ada", role=role))

    return shared_with_eve


CHANGING = {"delete_definition", "terminate_run", "update_secret", "delete_secret"}


async def test_a_member_sees_what_is_in_the_workspace_and_changes_nothing(
    client, story, shared, bearer
):
    await shared(Role.MEMBER)

    answered = await answers(client, story, bearer("eve"))

    changing = {each: answer for each, answer in answered.items() if each.name in CHANGING}
    assert {each.name for each in changing} == CHANGING
    assert {str(each): answer.status_code for each, answer in changing.items()} == {
        str(each): 403 for each in changing
    }
    reading = {str(each): answer for each, answer in answered.items() if each not in changing}
    assert {answer.status_code for answer in reading.values()} <= {200, 201}
    listed = reading["GET /api/workflow-runs?workspaceId"].json()["data"]
    assert {run["owner"] for run in listed} == {"ada"}
    assert reading["GET /api/workflow-runs"].json()["data"] == []


async def test_an_owner_of_the_workspace_changes_what_others_have_put_there(
    client, story, shared, bearer
):
    await shared(Role.OWNER)
    of = [each for each in CLOSED if each.name in CHANGING]

    answered = await answers(client, story, bearer("eve"), of=of)

    assert {each.name: answer.status_code for each, answer in answered.items()} == {
        "terminate_run": 204,
        "update_secret": 200,
        "delete_secret": 204,
        "delete_definition": 409,  # it has runs
    }


async def test_an_administrator_sees_everything(client, services, story, bearer):
    async with services.database.writing() as session:
        (await session.get_one(User, "eve")).is_admin = True

    answered = await answers(client, story, bearer("eve"))

    assert {
        str(each): answer.status_code
        for each, answer in answered.items()
        if answer.status_code not in {200, 201, 204, 409}
    } == {}


async def test_a_run_of_somebody_elses_definition_is_ones_own(client, story, shared, bearer):
    await shared(Role.MEMBER)
    headers = {"Authorization": bearer("eve")}

    created = await client.post(
        "/api/workflow-runs", json=story.bodies["create_run"], headers=headers
    )

    run_id = created.json()["data"]["id"]
    run = (await client.get(f"/api/workflow-runs/{run_id}", headers=headers)).json()["data"]
    assert run["owner"] == "eve"
    listed = await client.get("/api/workflow-runs?workspaceId=ada", headers=headers)
    assert run_id in {run["id"] for run in listed.json()["data"]}
    mine = {"Authorization": bearer("ada")}
    assert (await client.get(f"/api/workflow-runs/{run_id}", headers=mine)).status_code == 200


async def test_who_has_left_a_workspace_runs_nothing_in_it_any_more(
    client, services, story, shared, bearer
):
    await shared(Role.MEMBER)
    headers = {"Authorization": bearer("eve")}
    stored = await client.post(
        "/api/workflow-definitions?workspaceId=ada",
        json=story.bodies["create_definition"],
        headers=headers,
    )
    definition_id = stored.json()["data"]["id"]
    async with services.database.writing() as session:
        left = {"user_id": "eve", "workspace_id": "ada"}
        await session.delete(await session.get_one(Member, left))

    started = await client.post(
        "/api/workflow-runs", json={"workflowDefinitionID": definition_id}, headers=headers
    )

    assert started.status_code == 403
    seen = await client.get(f"/api/workflow-definitions/{definition_id}", headers=headers)
    assert seen.status_code == 200


CLUSTER_TOKENS = {
    "none": (lambda _: None, 401),
    "garbage": (lambda _: "Bearer garbage", 403),
    "of another cluster": (lambda services: f"Bearer {services.tokens.of_cluster('other')}", 403),
    "of the owner": (lambda services: f"Bearer {services.tokens.issue('ada')}", 403),
    "of Ray": (lambda services: f"Bearer {services.tokens.of_ray('cluster')}", 403),
}


@pytest.mark.parametrize("kind", CLUSTER_TOKENS)
async def test_a_cluster_is_its_heads_only(internal, services, story, kind):
    token, expected = CLUSTER_TOKENS[kind]
    values = {"run_id": story.executing.run_id, "cluster_id": story.executing.cluster_id}

    answered = await answers(internal, story, token(services), of=OF_CLUSTERS, values=values)

    assert len(answered) >= 8
    assert differing(answered, expected={expected}) == {}


async def test_a_cluster_is_not_opened_by_its_runs_token(internal, services, story):
    run_id = story.executing.run_id
    token = services.tokens.of_run(run_id, owner="ada", created_at=AT)
    values = {"run_id": run_id, "cluster_id": story.executing.cluster_id}

    answered = await answers(internal, story, f"Bearer {token}", of=OF_CLUSTERS, values=values)

    assert differing(answered, expected={403}) == {}


async def test_a_head_sees_runs_of_its_own_cluster_only(services, internal, story, submit):
    own, other = story.executing.cluster_id, await submit()
    token = f"Bearer {services.tokens.of_cluster(own)}"
    of_runs = [each for each in OF_CLUSTERS if "run_id" in each.in_path]

    answered = await answers(
        internal, story, token, of=of_runs, values={"run_id": other, "cluster_id": own}
    )

    assert len(answered) >= 3
    assert differing(answered, expected={404, 410}) == {}
