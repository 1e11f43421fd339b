"""What the user of a run is told of secrets that it cannot read."""

import pytest

from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.engine.process.apps import public_app
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema import ir
from tests.unit.engine.conftest import client_of

pytestmark = pytest.mark.anyio


def with_secrets(definition: ir.WorkflowDef, *nodes: dict[str, str]) -> dict:
    """The definition, with secrets that nothing uses."""
    document = definition.model_dump(mode="json")
    document["secret_nodes"] = {
        f"s-{number}": {"id": f"s-{number}", **node} for number, node in enumerate(nodes)
    }
    return document


async def warnings_of(user, document: dict, **space: str) -> list[str]:
    """What a new run of a definition is warned about."""
    stored = await user.post("/api/workflow-definitions", json=document, params=space)
    definition_id = stored.json()["data"]["id"]
    created = await user.post("/api/workflow-runs", json={"workflowDefinitionID": definition_id})
    path = f"/api/workflow-runs/{created.json()['data']['id']}"
    return (await user.get(path)).json()["data"]["warnings"]


@pytest.fixture
async def has_token(user):
    """A secret in ada's personal workspace."""
    body = {"data": {"name": "token", "value": "hunter2"}}
    assert (await user.post("/api/config/secrets", json=body)).status_code == 201


NODES = {
    "there": ({"secret_name": "token"}, None),
    "there by its workspace": ({"secret_name": "token", "workspace_id": "ada"}, None),
    "there whatever login is named": ({"secret_name": "token", "secret_config": "prod"}, None),
    "missing": (
        {"secret_name": "other"},
        (
            "There is no secret 'other' in your personal workspace. What needs it will fail. "
            "`orq secret set other` sets it."
        ),
    ),
    "of another workspace": (
        {"secret_name": "token", "workspace_id": "eve"},
        "The secret 'token' is one of the workspace 'eve'. A run in the workspace 'ada' reads only",
    ),
}


@pytest.mark.parametrize(("node", "warning"), NODES.values(), ids=NODES)
async def test_a_secret_that_tasks_cannot_read_is_told(user, has_token, definition, node, warning):
    warnings = await warnings_of(user, with_secrets(definition, node))

    assert [told.startswith(warning) for told in warnings] == ([True] if warning else [])


async def test_each_is_told_once(user, definition):
    nodes = [{"secret_name": "b"}, {"secret_name": "a"}, {"secret_name": "b"}]

    warnings = await warnings_of(user, with_secrets(definition, *nodes))

    assert [told.split("'")[1] for told in warnings] == ["a", "b"]


async def test_the_login_of_a_repository_is_a_secret_like_others(user, has_token, definition):
    def importing(secret: str) -> dict:
        document = definition.model_dump(mode="json")
        document["imports"]["git"] = {
            "type": "GIT_IMPORT",
            "id": "git",
            "repo_url": {
                "original_url": "https://example.com/tool",
                "protocol": "https",
                "host": "example.com",
                "path": "tool",
                "password": {"id": "s", "secret_name": secret},
            },
            "git_ref": "main",
        }
        return document

    (warning,) = await warnings_of(user, importing("other"))

    assert warning.startswith("There is no secret 'other'")
    assert await warnings_of(user, importing("token")) == []


@pytest.mark.parametrize("config", [None, "ray", "local", "prod"])
async def test_the_local_runtime_looks_for_its_own_secrets_only(tmp_path, definition, config):
    catalogue = MemoryCatalogue()
    catalogue.put("registry.example.com/solver:1", orquestra_image(content="solver"))
    node = {"secret_name": "other", "workspace_id": "team", "secret_config": config}

    async with (
        memory_engine(tmp_path, catalogue=catalogue, local=True) as services,
        client_of(public_app(services)) as user,
    ):
        user.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
        warnings = await warnings_of(user, with_secrets(definition, node))

    told = [warning for warning in warnings if "`orq secret set other -c local`" in warning]
    assert len(told) == (0 if config == "prod" else 1)
