import time

import pytest

from orquestra import sdk
from orquestra.sdk import secrets
from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    ConfigFileNotFoundError,
    ConfigNameNotFoundError,
    NotFoundError,
    RayNotRunningError,
    RuntimeConfigError,
    UnauthorizedError,
)
from orquestra.sdk.execution_context import building

SECRETS = "/api/config/secrets"
IN_TEAM = f"{SECRETS}/zri:v1::0:team:secret:token"


@pytest.fixture
def config(engine):
    """The name of a saved login of the scripted engine."""
    return RuntimeConfig.ce(engine.uri, engine.config.token).name


def value(text):
    details = {"name": "token", "value": text}
    return {"data": {"details": details, "lastModified": "2024-07-01T12:00:00Z", "owner": "ada"}}


def test_a_secret_has_a_value(engine, config):
    engine.answers(f"GET {SECRETS}/token", value("hunter2"))

    assert secrets.get("token", config_name=config) == "hunter2"
    assert engine.requests[0]["authorization"] == f"Bearer {engine.config.token}"


def test_a_secret_of_a_workspace_is_named_with_it(engine, config):
    engine.answers(f"GET {IN_TEAM}", value("hunter2"))

    assert secrets.get("token", workspace_id="team", config_name=config) == "hunter2"


def test_a_workspace_may_have_slashes_in_its_name(engine, config):
    path = f"{SECRETS}/zri:v1::0:cluster/ada@example.com:secret:token"
    engine.answers(f"GET {path}", value("hunter2"))

    workspace = "cluster/ada@example.com"
    assert secrets.get("token", workspace_id=workspace, config_name=config) == "hunter2"


def test_a_missing_secret_is_told(engine, config):
    for ask in (secrets.get, secrets.delete):
        with pytest.raises(NotFoundError, match=r"no secret 'token' in your workspace.*list"):
            ask("token", config_name=config)
        with pytest.raises(NotFoundError, match="in the workspace team"):
            ask("token", workspace_id="team", config_name=config)


def test_all_names_are_listed(engine, config):
    engine.answers(f"GET {SECRETS}", {"data": [{"name": "a"}, {"name": "b"}]})

    assert secrets.list(config_name=config) == ["a", "b"]
    assert secrets.list(workspace_id="team", config_name=config) == ["a", "b"]
    assert [request["query"] for request in engine.requests] == [{}, {"workspace": "team"}]


@pytest.mark.parametrize("workspace", [None, "team"])
def test_a_new_secret_is_created(engine, config, workspace):
    engine.answers(f"POST {SECRETS}", {"name": "token"}, status=201)

    secrets.set("token", "hunter2", workspace_id=workspace, config_name=config)

    (request,) = engine.requests
    assert request["body"] == {
        "data": {"name": "token", "value": "hunter2", "resourceGroup": workspace}
    }


def test_a_secret_that_is_there_gets_the_new_value(engine, config):
    engine.answers(f"POST {SECRETS}", {"message": "Bad Request", "detail": "exists"}, status=400)
    engine.answers(f"POST {IN_TEAM}", {"value": "new"})

    secrets.set("token", "new", workspace_id="team", config_name=config)

    assert engine.requests[-1]["body"] == {"data": {"value": "new"}}


def test_a_name_that_the_engine_does_not_take_is_told_with_its_reason(engine, config):
    refusal = {"message": "Bad Request", "detail": "a_b is no name."}
    engine.answers(f"POST {SECRETS}", refusal, status=400)

    with pytest.raises(BaseRuntimeError, match=r"'a_b': a_b is no name\. Names are made of"):
        secrets.set("a_b", "hunter2", config_name=config)


def test_a_secret_can_be_removed(engine, config):
    engine.answers(f"DELETE {SECRETS}/token", b"", status=204)

    secrets.delete("token", config_name=config)

    assert len(engine.calls(f"DELETE {SECRETS}/token")) == 1


def test_a_login_that_is_not_accepted_is_told(engine, config):
    refusal = {"message": "Unauthorized", "detail": "Unknown token."}
    engine.answers(f"GET {SECRETS}/token", refusal, status=401)

    with pytest.raises(UnauthorizedError, match="Unknown token"):
        secrets.get("token", config_name=config)


def test_the_engine_must_be_said(config):
    with pytest.raises(ConfigNameNotFoundError, match="config_name="):
        secrets.get("token")
    with pytest.raises(ConfigNameNotFoundError, match="'other'"):
        secrets.get("token", config_name="other")


def test_without_saved_logins_that_is_told():
    with pytest.raises(ConfigFileNotFoundError):
        secrets.get("token", config_name="other")


def test_quirk_a_local_config_is_no_key_error():
    with pytest.raises(RayNotRunningError):
        secrets.get("token", config_name="ray")
    with pytest.raises(RuntimeConfigError, match="keeps no secrets"):
        secrets.get("token", config_name="in_process")


def test_inside_of_a_platform_its_token_and_its_service_are_used(
    engine, monkeypatch, tmp_path, make_token
):
    token = make_token({"exp": time.time() + 60})
    (tmp_path / "passport").write_text(token)
    monkeypatch.setenv("ORQUESTRA_PASSPORT_FILE", str(tmp_path / "passport"))
    assert secrets.PLATFORM_URI == "http://config-service.config-service:8099"
    monkeypatch.setattr(secrets, "PLATFORM_URI", engine.uri)
    engine.answers(f"GET {SECRETS}/token", value("hunter2"))

    assert secrets.get("token", config_name="ignored") == "hunter2"
    assert engine.requests[0]["authorization"] == f"Bearer {token}"


def test_in_a_workflow_function_a_secret_stands_for_its_value():
    with building():
        secret = secrets.get("token", workspace_id="team", config_name="prod")

    assert secret == sdk.Secret("token", config_name="prod", workspace_id="team")


def test_the_public_names_are_these():
    assert secrets.__all__ == ["delete", "get", "list", "set"]
    assert sdk.secrets is secrets


def test_bodies_do_not_show_values():
    from orquestra.sdk.schema.secrets import NewSecret

    assert "hunter2" not in repr(NewSecret(name="token", value="hunter2"))
