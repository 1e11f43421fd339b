"""Secrets of other engines, which the local runtime asks for with its user's saved logins.

A program that names a login (`config_name=`) gets the same secret in a task on the local runtime
as outside of one.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from orquestra.engine.errors import BadRequest, NotFound, OtherEngineFailed
from orquestra.engine.secrets.addresses import SecretAddress
from orquestra.engine.secrets.service import OpenSecret
from orquestra.sdk.compute_engine.secret_store import SecretStore, keeper
from orquestra.sdk.configuration.config import LOCAL_NAME, RAY_NAME
from orquestra.sdk.exceptions import NotFoundError, OrquestraError

ResultT = TypeVar("ResultT")

PATIENCE = timedelta(seconds=20)
"""How long another engine may take to answer."""

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="secrets elsewhere")
"""Few, and of their own: an engine that answers slowly delays nothing but what it is asked for."""

_THIS_ENGINE = {None, "", LOCAL_NAME, RAY_NAME}


def is_elsewhere(config_name: str | None) -> bool:
    """Whether a login that a program on the local runtime names is of another engine."""
    return config_name not in _THIS_ENGINE


class SecretsElsewhere:
    """The secrets that the engine of a saved login keeps, asked for in a thread.

    Every method raises `BadRequest` where there is no such login, and `OtherEngineFailed` where
    its engine cannot be reached or refuses.
    """

    def __init__(self, config_name: str) -> None:
        self._config_name = config_name

    @classmethod
    def named(cls, config_name: str | None) -> "SecretsElsewhere | None":
        """The secrets of a login; None where the name means this engine."""
        return cls(config_name) if config_name and is_elsewhere(config_name) else None

    async def names(self, workspace_id: str | None) -> Sequence[str]:
        """The names of all secrets of a workspace."""
        return await self._ask(lambda store: store.names(), workspace_id=workspace_id)

    async def get(self, address: SecretAddress) -> OpenSecret:
        """A secret with its value.

        Raises:
            NotFound: There is none.
        """
        value = await self._ask(
            lambda store: store.get(address.name), workspace_id=address.workspace_id
        )
        return OpenSecret(name=address.name, value=value, workspace_id=address.workspace_id)

    async def create(self, address: SecretAddress, value: str) -> None:
        """Save a secret, in place of one that has the name already."""
        await self._ask(
            lambda store: store.set(address.name, value), workspace_id=address.workspace_id
        )

    async def update(self, address: SecretAddress, value: str) -> None:
        """Save a secret, also where there is none of that name."""
        await self.create(address, value)

    async def delete(self, address: SecretAddress) -> None:
        """Forget a secret.

        Raises:
            NotFound: There is none.
        """
        await self._ask(lambda store: store.delete(address.name), workspace_id=address.workspace_id)

    async def _ask(
        self, call: Callable[[SecretStore], ResultT], *, workspace_id: str | None
    ) -> ResultT:
        try:
            config = keeper(self._config_name)
        except (OrquestraError, OSError) as error:
            raise BadRequest(
                f"The local runtime cannot ask the engine {self._config_name!r}: {error}"
            ) from error

        def ask() -> ResultT:
            return call(SecretStore(config, workspace_id=workspace_id, patience=PATIENCE))

        try:
            return await asyncio.get_running_loop().run_in_executor(_threads, ask)
        except NotFoundError as error:
            raise NotFound(str(error)) from error
        except OrquestraError as error:
            raise OtherEngineFailed(
                f"The login {self._config_name!r} of the local runtime's user was used. {error}"
            ) from error
