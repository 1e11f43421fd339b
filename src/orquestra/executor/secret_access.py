"""Reading secrets of a run: arguments of tasks, and logins of Git repositories.

The same calls as those of `sdk.secrets`, but to the place and with the token that the run was
given: what a task may have made of its variables does not count.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from orquestra.executor.protocol import Secret
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.exceptions import NotFoundError, RemoteConnectionError
from orquestra.sdk.schema import ir

if TYPE_CHECKING:
    from orquestra.sdk.compute_engine.secret_store import SecretStore

PATIENCE = timedelta(minutes=10)
"""How long an engine that is away is waited for: that is no fault of the task."""

_PAUSE = timedelta(seconds=1)
_FRESH = timedelta(seconds=5)
_sleep = time.sleep


def named_secret(node: ir.SecretNode) -> Secret:
    """A secret of a definition, as calls take it."""
    return Secret(node.secret_name, node.workspace_id, node.secret_config)


class SecretProblem(Exception):
    """A secret cannot be read; the text says which one, why, and what to do."""


class RunSecrets:
    """The secrets of one run, as one process reads them, one call at a time.

    Values are kept in memory only, and not for long, so that many short calls do not ask for each.
    """

    def __init__(self, access: SecretsLogin | None) -> None:
        """Without `access`, as by an engine of an older release, none can be read."""
        self._access = access
        self._stores: dict[tuple[str | None, str | None], SecretStore] = {}
        self._known: dict[Secret, _Known] = {}

    def read(self, secret: Secret) -> str:
        """The value of a secret; an engine that is away is waited for.

        Raises:
            SecretProblem: it cannot be read.
        """
        if self._access is None:
            raise SecretProblem(
                f"{_which(secret)} cannot be read: its engine is of an older release."
            )
        known = self._known.get(secret)
        if known is None or known.until < time.monotonic():
            value = self._value(secret, self._access)
            known = _Known(value, until=time.monotonic() + _FRESH.total_seconds())
            self._known[secret] = known
        return known.value

    def _value(self, secret: Secret, access: SecretsLogin) -> str:
        try:
            store = self._store(secret, access)
            return _waited_for(lambda: store.get(secret.name))
        except NotFoundError as error:
            raise SecretProblem(
                f"{_which(secret)} is not there. {_HOW.format(_set(secret))}"
            ) from error
        except Exception as error:
            raise SecretProblem(f"{_which(secret)} cannot be read: {error}") from error

    def _store(self, secret: Secret, access: SecretsLogin) -> "SecretStore":
        key = secret.workspace_id, secret.config_name
        if key not in self._stores:
            # Most workers never read one.
            from orquestra.sdk.compute_engine.secret_store import SecretStore

            self._stores[key] = SecretStore.of_task(
                uri=access.uri,
                token=access.token,
                workspace_id=secret.workspace_id,
                config_name=secret.config_name,
            )
        return self._stores[key]


def read_secret(secret: Secret, access: SecretsLogin | None) -> str:
    """The value of a secret that is read once.

    Raises:
        SecretProblem: it cannot be read.
    """
    return RunSecrets(access).read(secret)


class _Known(NamedTuple):
    value: str
    until: float


def _waited_for(read: Callable[[], str]) -> str:
    end = time.monotonic() + PATIENCE.total_seconds()
    while True:
        try:
            return read()
        except RemoteConnectionError:
            if time.monotonic() > end:
                raise
        _sleep(_PAUSE.total_seconds())


_HOW = "Set it with `{}`, then run the workflow again."


def _which(secret: Secret) -> str:
    place = f"of the workspace {secret.workspace_id!r}" if secret.workspace_id else _PERSONAL
    return f"The secret {secret.name!r} {place}"


_PERSONAL = "of the personal workspace"


def _set(secret: Secret) -> str:
    config = f" -c {secret.config_name}" if secret.config_name else ""
    workspace = f" -w {secret.workspace_id}" if secret.workspace_id else ""
    return f"orq secret set {secret.name}{config}{workspace}"
