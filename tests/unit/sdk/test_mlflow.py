import pytest

from orquestra import sdk
from orquestra.sdk import mlflow
from orquestra.sdk.exceptions import (
    ConfigNameNotFoundError,
    InvalidTokenError,
    RuntimeConfigError,
)

NAMESPACE = "GET /api/workspaces/zri:v1::0:system:resource_group:ws-a"


@pytest.fixture
def prod(make_token):
    return sdk.RuntimeConfig.ce(
        "https://prod-d.example.com/", make_token({"email": "ada@example.com"})
    )


@pytest.fixture
def platform(engine, monkeypatch, tmp_path):
    """A program inside of a platform, whose resource catalog is the engine of the test."""
    token = tmp_path / "token"
    token.write_text(engine.config.token)
    monkeypatch.setenv("ORQUESTRA_PASSPORT_FILE", str(token))
    monkeypatch.setenv("ORQ_CURRENT_CLUSTER", "prod-d.example.com")
    monkeypatch.setenv("ORQ_MLFLOW_CR_NAME", "mlflow")
    monkeypatch.setenv("ORQ_MLFLOW_PORT", "8080")
    monkeypatch.setattr(mlflow, "RESOURCE_CATALOG", engine.uri)
    engine.answers(NAMESPACE, {"namespace": "ws-0-3aws-2da"})
    return engine


def test_on_a_machine_of_a_user_the_login_says_where_to_track(prod):
    uri = sdk.mlflow.get_tracking_uri("ws-a", config_name="prod-d")

    assert uri == "https://prod-d.example.com/mlflow/ws-a"
    assert sdk.mlflow.get_tracking_token("prod-d") == prod.token


@pytest.mark.parametrize("config_name", [None, "ray", "in_process"])
def test_on_a_machine_of_a_user_a_login_is_needed(config_name):
    with pytest.raises(ValueError, match="tracking address"):
        mlflow.get_tracking_uri("ws-a", config_name)
    with pytest.raises(ValueError, match="tracking token"):
        mlflow.get_tracking_token(config_name)


def test_inside_of_a_platform_its_own_mlflow_is_used(platform):
    assert mlflow.get_tracking_uri("ws-a") == "http://mlflow.ws-0-3aws-2da:8080"
    assert mlflow.get_tracking_token() == platform.config.token
    assert platform.calls(NAMESPACE)[0]["authorization"] == f"Bearer {platform.config.token}"


def test_inside_of_a_platform_a_login_is_ignored_with_a_warning(platform):
    with pytest.warns(UserWarning, match="'prod-d' is ignored"):
        mlflow.get_tracking_uri("ws-a", "prod-d")
    with pytest.warns(UserWarning, match="'prod-d' is ignored"):
        mlflow.get_tracking_token("prod-d")


@pytest.mark.parametrize("variable", ["ORQ_MLFLOW_CR_NAME", "ORQ_MLFLOW_PORT"])
def test_a_platform_has_to_say_where_its_mlflow_is(platform, monkeypatch, variable):
    monkeypatch.delenv(variable)

    with pytest.raises(EnvironmentError, match=variable):
        mlflow.get_tracking_uri("ws-a")


def test_a_platform_has_to_give_a_token(platform, monkeypatch):
    monkeypatch.delenv("ORQUESTRA_PASSPORT_FILE")

    with pytest.raises(EnvironmentError, match="ORQUESTRA_PASSPORT_FILE"):
        mlflow.get_tracking_token()


@pytest.mark.parametrize("configured", [True, False])
def test_the_folder_for_artifacts_is_made(tmp_path, monkeypatch, configured):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ORQ_MLFLOW_ARTIFACTS_DIR", raising=False)
    expected = tmp_path / ".orquestra" / "mlflow" / "artifacts"
    if configured:
        expected = tmp_path / "elsewhere"
        monkeypatch.setenv("ORQ_MLFLOW_ARTIFACTS_DIR", str(expected))

    assert mlflow.get_temp_artifacts_dir() == mlflow.get_temp_artifacts_dir() == expected
    assert expected.is_dir()


def test_the_user_is_whom_the_environment_names_before_whom_the_login_does(prod, monkeypatch):
    assert mlflow.get_current_user("prod-d") == "ada@example.com"

    monkeypatch.setenv("ORQ_CURRENT_USER", "bob@example.com")

    assert mlflow.get_current_user("prod-d") == "bob@example.com"
    assert mlflow.get_current_user(None) == "bob@example.com"


def test_a_user_that_nobody_names_is_told(make_token):
    sdk.RuntimeConfig.ce("https://opaque.example.com", "no-jwt")
    sdk.RuntimeConfig.ce("https://nameless.example.com", make_token({}))

    with pytest.raises(ConfigNameNotFoundError, match="whose login"):
        mlflow.get_current_user(None)
    with pytest.raises(RuntimeConfigError, match="no token"):
        mlflow.get_current_user("ray")
    with pytest.raises(InvalidTokenError, match="not a JWT"):
        mlflow.get_current_user("opaque")
    with pytest.raises(InvalidTokenError, match="names no user"):
        mlflow.get_current_user("nameless")
