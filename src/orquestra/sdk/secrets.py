"""Secrets of the user: values that a Compute Engine keeps, so that they stand in no program.

Inside of a platform its own token is used, and `config_name` has no meaning; elsewhere it names
the configuration of the engine. Without `workspace_id` a secret is in the personal workspace.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orquestra.sdk.configuration.platform_login import has_platform_token, platform_token
from orquestra.sdk.exceptions import ConfigNameNotFoundError, RuntimeConfigError
from orquestra.sdk.execution_context import is_building
from orquestra.sdk.secret import Secret

if TYPE_CHECKING:
    from orquestra.sdk.compute_engine.secret_store import SecretStore
    from orquestra.sdk.configuration.config import RuntimeConfig

__all__ = ["delete", "get", "list", "set"]

PLATFORM_URI = "http://config-service.config-service:8099"
"""Where a platform keeps the secrets of the programs in it."""


def get(name: str, *, workspace_id: str | None = None, config_name: str | None = None) -> str:
    """The value of a secret.

    In a workflow function it is a `Secret` instead, which stands for the value: pass it to tasks.

    Raises:
        NotFoundError: there is none of that name.
        ConfigNameNotFoundError: it is not said which engine keeps it.
        UnauthorizedError: the login is not accepted.
    """
    if is_building():
        # Declared as a text, because that is what the task gets.
        return Secret(name, config_name, workspace_id)  # type: ignore[return-value]
    return _store(workspace_id=workspace_id, config_name=config_name).get(name)


def set(  # noqa: A001 - a public name, used as `secrets.set`
    name: str, value: str, *, workspace_id: str | None = None, config_name: str | None = None
) -> None:
    """Save a secret, in place of one that has the name already.

    Raises:
        ConfigNameNotFoundError: it is not said which engine is to keep it.
        UnauthorizedError: the login is not accepted.
        BaseRuntimeError: the engine takes no secret of that name.
    """
    _store(workspace_id=workspace_id, config_name=config_name).set(name, value)


def list(  # noqa: A001 - a public name, used as `secrets.list`
    *, workspace_id: str | None = None, config_name: str | None = None
) -> Sequence[str]:
    """The names of all secrets.

    Raises:
        ConfigNameNotFoundError: it is not said whose.
        UnauthorizedError: the login is not accepted.
    """
    return _store(workspace_id=workspace_id, config_name=config_name).names()


def delete(name: str, *, workspace_id: str | None = None, config_name: str | None = None) -> None:
    """Remove a secret for good.

    Raises:
        NotFoundError: there is none of that name.
        ConfigNameNotFoundError: it is not said which engine keeps it.
        UnauthorizedError: the login is not accepted.
    """
    _store(workspace_id=workspace_id, config_name=config_name).delete(name)


def _store(*, workspace_id: str | None, config_name: str | None) -> "SecretStore":
    from orquestra.sdk.compute_engine.secret_store import SecretStore

    return SecretStore(_config(config_name), workspace_id=workspace_id)


def _config(name: str | None) -> "RuntimeConfig":
    from orquestra.sdk.configuration.config import RuntimeConfig

    if has_platform_token():
        return RuntimeConfig.unsaved(name="platform", uri=PLATFORM_URI, token=platform_token())
    if name is None:
        raise ConfigNameNotFoundError(
            "It is not said which engine keeps the secret. Name its configuration: "
            'config_name="..."; `orq login -s URL -t TOKEN` prints the name.'
        )
    config = RuntimeConfig.load(name)
    if config.is_in_process:
        raise RuntimeConfigError(
            f"{name!r} keeps no secrets. Name the configuration of a Compute Engine instead."
        )
    return config
