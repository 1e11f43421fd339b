import logging
import traceback

import pytest

from orquestra import sdk
from orquestra.sdk import secrets
from orquestra.sdk.configuration import platform_login
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
    path = f"{SECRETS}/zri:v1::0:cluster%2Fada@example.com:secret:token"
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

    with pytest.raises(
        BaseRuntimeError, match=r"does not take the secret 'a_b': a_b is no name\.$"
    ):
        secrets.set("a_b", "hunter2", config_name=config)


ELSEWHERE = {
    "up": "../../workflow-runs/x/terminate",
    "up, hidden": "..%2F..%2Fworkflow-runs",
    "the folder above": "..",
    "the collection": ".",
    "nothing": "",
    "a query": "a?force=true",
    "a fragment": "a#b",
}


@pytest.mark.parametrize("name", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_name_never_leads_a_request_elsewhere(engine, config, name):
    for ask in (secrets.get, secrets.delete):
        with pytest.raises(NotFoundError, match="There can be no secret"):
            ask(name, config_name=config)
    with pytest.raises(BaseRuntimeError, match="does not take the secret"):
        secrets.set(name, "hunter2", config_name=config)
    assert engine.requests == []


@pytest.mark.parametrize("workspace", ["../team", "a/../b", "team/.", "/team", "", ".."])
def test_nor_does_a_workspace(engine, config, workspace):
    for ask in (secrets.get, secrets.delete):
        with pytest.raises(NotFoundError, match="no workspace has the id"):
            ask("token", workspace_id=workspace, config_name=config)
    with pytest.raises(BaseRuntimeError, match="no workspace has the id"):
        secrets.set("token", "hunter2", workspace_id=workspace, config_name=config)
    assert engine.requests == []


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


@pytest.fixture
def token_of_run(make_token):
    """It has no expiry: it is valid as long as its run executes."""
    return make_token({"sub": "ada", "run": "fit-aB3xZ-r000"})


@pytest.fixture
def in_platform(engine, monkeypatch, tmp_path, token_of_run):
    (tmp_path / "passport").write_text(token_of_run)
    monkeypatch.setenv("ORQUESTRA_PASSPORT_FILE", str(tmp_path / "passport"))
    monkeypatch.setattr(platform_login, "PLATFORM_SECRETS_URI", engine.uri)


@pytest.fixture
def in_local_task(engine, monkeypatch, tmp_path, token_of_run):
    (tmp_path / "token").write_text(token_of_run)
    monkeypatch.setenv("ORQ_SECRETS_URI", engine.uri)
    monkeypatch.setenv("ORQ_SECRETS_TOKEN_FILE", str(tmp_path / "token"))


def test_a_platform_keeps_secrets_at_the_place_of_release_1_1():
    uri = "http://config-service.config-service:8099"

    assert uri == platform_login.PLATFORM_SECRETS_URI


@pytest.mark.parametrize("place", ["in_platform", "in_local_task"])
def test_in_a_task_the_token_of_its_run_is_used(request, engine, token_of_run, place):
    request.getfixturevalue(place)
    engine.answers(f"GET {SECRETS}/token", value("hunter2"))

    assert secrets.get("token") == "hunter2"
    assert engine.requests[0]["authorization"] == f"Bearer {token_of_run}"


@pytest.mark.parametrize("place", ["in_platform", "in_local_task"])
def test_in_a_task_the_engine_is_told_the_config_and_need_not_be_saved_here(request, engine, place):
    request.getfixturevalue(place)
    engine.answers(f"GET {SECRETS}/token", value("hunter2"))
    engine.answers(f"GET {SECRETS}", {"data": []})

    secrets.get("token", config_name="prod")
    secrets.list(config_name="prod", workspace_id="team")

    assert [request["query"] for request in engine.requests] == [
        {"config": "prod"},
        {"config": "prod", "workspace": "team"},
    ]


def test_a_local_task_in_a_platform_asks_the_local_runtime(in_platform, in_local_task, monkeypatch):
    monkeypatch.setattr(platform_login, "PLATFORM_SECRETS_URI", "http://elsewhere")

    with pytest.raises(NotFoundError):
        secrets.get("token")


def test_in_a_task_no_proxy_comes_between(in_local_task, engine, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    engine.answers(f"GET {SECRETS}/token", value("hunter2"))

    assert secrets.get("token") == "hunter2"


def test_the_end_of_its_run_is_told_to_what_outlives_it(in_platform, engine):
    refusal = {"message": "Unauthorized", "detail": "The token belongs to a run that is over."}
    engine.answers(f"GET {SECRETS}/token", refusal, status=401)

    with pytest.raises(UnauthorizedError, match=r"run that is over\. It is valid only as long"):
        secrets.get("token")


def test_the_local_runtime_tells_what_another_engine_has_said(in_local_task, engine):
    refusal = {"message": "Bad Gateway", "detail": "The login 'prod' was used. It has expired."}
    engine.answers(f"GET {SECRETS}/token", refusal, status=502)

    with pytest.raises(BaseRuntimeError, match=r"^The login 'prod' was used\. It has expired\.$"):
        secrets.get("token", config_name="prod")


def test_a_token_file_that_is_not_there_is_named_with_its_variable(in_local_task, monkeypatch):
    monkeypatch.setenv("ORQ_SECRETS_TOKEN_FILE", "/nowhere/token")

    with pytest.raises(FileNotFoundError, match="ORQ_SECRETS_TOKEN_FILE says"):
        secrets.get("token")


def test_a_value_that_is_not_taken_is_told_with_its_reason(engine, config):
    refusal = {"message": "Bad Request", "detail": "The value has 9 bytes, and may have 8."}
    engine.answers(f"POST {SECRETS}", refusal, status=400)
    engine.answers(f"POST {SECRETS}/token", refusal, status=400)

    with pytest.raises(BaseRuntimeError, match=r"secret 'token': The value has 9 bytes"):
        secrets.set("token", "too-large", config_name=config)


def test_a_secret_of_somebody_else_is_told_with_whom_to_ask(engine, config):
    refusal = {"message": "Forbidden", "detail": "This secret belongs to eve. Ask them."}
    engine.answers(f"POST {SECRETS}", {"message": "Bad Request", "detail": "taken"}, status=400)
    engine.answers(f"POST {IN_TEAM}", refusal, status=403)

    with pytest.raises(UnauthorizedError, match=r"belongs to eve\. Ask them"):
        secrets.set("token", "new", workspace_id="team", config_name=config)


def test_an_answer_that_is_none_is_told_without_what_it_holds(engine, config):
    engine.answers(f"GET {SECRETS}/token", {"data": {"value": "hunter2"}})

    with pytest.raises(BaseRuntimeError, match="keeps no secrets") as caught:
        secrets.get("token", config_name=config)
    told = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told


def test_the_most_talkative_log_has_no_value_and_no_token(engine, config, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")  # an engine in this process has quietened it
    engine.answers(f"GET {SECRETS}/token", value("hunter2"))
    engine.answers(f"POST {SECRETS}", {"name": "token"}, status=201)

    secrets.get("token", config_name=config)
    secrets.set("token", "hunter2", config_name=config)

    assert SECRETS in caplog.text
    assert "hunter2" not in caplog.text
    assert engine.config.token not in caplog.text


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
