"""Secrets of the user: values that an engine keeps, so that they stand in no program.

A task asks the engine that it runs on, with the token of its run. A Compute Engine answers with
its own secrets, whatever `config_name` is; the local runtime with its own too, or, where
`config_name` names a saved login, with those of that Compute Engine. Elsewhere `config_name` names
the configuration of the engine to ask, "local" for the local runtime. Without `workspace_id` a
secret is in the personal workspace.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orquestra.sdk.configuration.platform_login import secrets_login
from orquestra.sdk.execution_context import is_building
from orquestra.sdk.secret import Secret

if TYPE_CHECKING:
    from orquestra.sdk.compute_engine.secret_store import SecretStore

__all__ = ["delete", "get", "list", "set"]


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
    from orquestra.sdk.compute_engine.secret_store import SecretStore, keeper

    login = secrets_login()
    if login is None:
        return SecretStore(keeper(config_name), workspace_id=workspace_id)
    return SecretStore.of_task(
        uri=login.uri, token=login.token, workspace_id=workspace_id, config_name=config_name
    )
