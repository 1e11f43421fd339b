"""What MLflow needs to know of Orquestra: where to track, with which token, and for whom.

`mlflow` itself is not needed for it; the extra `orquestra-sdk[mlflow]` brings it along. Set
MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN to what is told here, within each task.
"""

import os
import warnings
from pathlib import Path

from orquestra.sdk.compute_engine.connection import Connection, read_answer
from orquestra.sdk.compute_engine.workspaces import resource_name
from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.configuration.platform_login import (
    cluster_host,
    platform_token,
    required_variable,
)
from orquestra.sdk.configuration.tokens import read_claims
from orquestra.sdk.exceptions import (
    ConfigNameNotFoundError,
    InvalidTokenError,
    RuntimeConfigError,
)
from orquestra.sdk.schema import api

__all__ = [
    "get_current_user",
    "get_temp_artifacts_dir",
    "get_tracking_token",
    "get_tracking_uri",
]

RESOURCE_CATALOG = "http://orquestra-resource-catalog.resource-catalog"
"""Where a platform tells the programs in it about its workspaces."""


def get_tracking_uri(workspace_id: str, config_name: str | None = None) -> str:
    """Where MLflow is to track the runs of a workspace.

    Args:
        workspace_id: the workspace.
        config_name: which configuration to use; not needed inside of a platform.

    Raises:
        ValueError: no configuration was named, or it has no address.
        OSError: the platform does not say where its MLflow is.
    """
    if cluster_host() is None:
        config = _config(config_name, wanted="a tracking address")
        return f"{config.uri.rstrip('/')}/mlflow/{workspace_id}"
    _warn_of_ignored(config_name)
    service, port = (required_variable(f"ORQ_MLFLOW_{name}") for name in ("CR_NAME", "PORT"))
    return f"http://{service}.{_namespace(workspace_id)}:{port}"


def get_tracking_token(config_name: str | None = None) -> str:
    """The token that MLflow is to show.

    Args:
        config_name: which configuration to use; not needed inside of a platform.

    Raises:
        ValueError: no configuration was named, or it has no token.
        OSError: the platform has given no token.
    """
    if cluster_host() is None:
        return _config(config_name, wanted="a tracking token").token
    _warn_of_ignored(config_name)
    return platform_token()


def get_temp_artifacts_dir() -> Path:
    """A folder for files on their way to MLflow; it is made where it does not exist."""
    configured = os.environ.get("ORQ_MLFLOW_ARTIFACTS_DIR")
    path = Path(configured) if configured else Path.home() / ".orquestra" / "mlflow" / "artifacts"
    path.mkdir(parents=True, exist_ok=True)
    return path


def get_current_user(config_name: str | None) -> str:
    """The e-mail address of the user: as the environment says it, else as the login does.

    Raises:
        ConfigNameNotFoundError: it has to be looked up in a login, and none was named.
        RuntimeConfigError: the configuration has no token.
        InvalidTokenError: its token is no JWT, or names no user.
    """
    if user := os.environ.get("ORQ_CURRENT_USER"):
        return user
    if config_name is None:
        raise ConfigNameNotFoundError(
            "It is not said whose login to look at. Give the name of a configuration, or set "
            "ORQ_CURRENT_USER."
        )
    token = RuntimeConfig.load(config_name).token
    if not token:
        raise RuntimeConfigError(
            f"The configuration {config_name!r} has no token that would name a user. Give that "
            "of a Compute Engine."
        )
    email = read_claims(token).get("email")
    if not email:
        raise InvalidTokenError(
            f"The token of the configuration {config_name!r} names no user. Set ORQ_CURRENT_USER."
        )
    return str(email)


def _config(name: str | None, *, wanted: str) -> RuntimeConfig:
    if name is None:
        raise ValueError(
            f"Outside of a platform {wanted} is that of a configuration: give its config_name."
        )
    config = RuntimeConfig.load(name)
    if not config.uri:
        raise ValueError(
            f"The configuration {name!r} has no {wanted.removeprefix('a ')}. Give that of a "
            "Compute Engine."
        )
    return config


def _warn_of_ignored(config_name: str | None) -> None:
    if config_name is not None:
        warnings.warn(
            f"config_name={config_name!r} is ignored: inside of a platform its own MLflow is used.",
            stacklevel=3,
        )


def _namespace(workspace_id: str) -> str:
    catalog = RuntimeConfig.unsaved(name="catalog", uri=RESOURCE_CATALOG, token=platform_token())
    response = Connection(catalog, transport=None).send(
        "GET", f"/api/workspaces/{resource_name(workspace_id)}"
    )
    return read_answer(api.WorkspaceNamespace, response).namespace
