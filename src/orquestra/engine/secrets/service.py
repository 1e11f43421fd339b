"""What a caller can do with the secrets that this engine keeps."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Caller
from orquestra.engine.database.tables import Secret
from orquestra.engine.errors import BadRequest, NotFound, SecretExists, SecretLocked
from orquestra.engine.secrets import running_engine, store
from orquestra.engine.secrets.addresses import SecretAddress
from orquestra.engine.secrets.encryption import Keys, Sealed
from orquestra.engine.services import EngineServices
from orquestra.engine.workspaces import service as workspaces

logger = logging.getLogger(__name__)

_LARGEST_VALUE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class OpenSecret:
    """A secret with its value, as far as the engine that keeps it tells of it."""

    name: str
    value: str = field(repr=False)
    workspace_id: str | None = None
    owner: str | None = None
    modified: datetime | None = None


class KeptSecrets:
    """The secrets that this engine keeps, as far as a caller may use them.

    Members of a workspace read its secrets and add some; whoever has added one, or owns the
    workspace, changes and removes it. The local runtime has one workspace, whatever is named.

    Every method raises `Forbidden` where the caller has no right, whether the secret exists or not.
    """

    def __init__(self, services: EngineServices, caller: Caller) -> None:
        self._services = services
        self._caller = caller

    async def names(self, workspace_id: str | None) -> Sequence[str]:
        """The names of all secrets of a workspace.

        Raises:
            NotFound: There is no such workspace.
        """
        workspace_id = self._workspace(workspace_id)
        async with self._services.database.reading() as session:
            await workspaces.existing(session, workspace_id)
            return await store.names(session, workspace_id)

    async def get(self, address: SecretAddress) -> OpenSecret:
        """A secret with its value.

        Raises:
            NotFound: There is none.
            SecretLocked: Its key is not there.
        """
        workspace_id, keys = self._workspace(address.workspace_id), self._services.secret_keys
        known = keys.read()
        async with self._services.database.reading() as session:
            secret = await _existing(session, address.name, workspace_id=workspace_id)
        return OpenSecret(
            name=secret.name,
            value=_opened(secret, keys=keys.with_key(secret.key_id, known=known)),
            workspace_id=secret.workspace_id,
            owner=secret.owner,
            modified=secret.updated_at,
        )

    async def create(self, address: SecretAddress, value: str) -> None:
        """Add a secret.

        Raises:
            BadRequest: The value is none that a secret may have.
            SecretExists: There is one of that name.
            NotFound: There is no such workspace.
        """
        _check_value(value)
        workspace_id, now = self._workspace(address.workspace_id), self._services.clock()
        async with self._services.database.writing() as session:
            await workspaces.existing(session, workspace_id)
            if await store.get(session, workspace_id, address.name) is not None:
                raise SecretExists(
                    f"There is a secret {address.name!r} in the workspace {workspace_id!r} already."
                )
            secret = Secret(
                workspace_id=workspace_id,
                name=address.name,
                owner=self._caller.user,
                created_at=now,
                updated_at=now,
            )
            # Only now, as the transaction has begun: a rotation that comes before it has given
            # another key by then, and one that comes after it encrypts this secret anew.
            _seal(secret, value, keys=self._services.secret_keys.read_or_make())
            session.add(secret)

    async def update(self, address: SecretAddress, value: str) -> None:
        """Give a secret another value.

        Raises:
            BadRequest: The value is none that a secret may have.
            NotFound: There is no such secret.
        """
        _check_value(value)
        workspace_id = self._workspace(address.workspace_id)
        async with self._services.database.writing() as session:
            secret = await _existing(session, address.name, workspace_id=workspace_id)
            self._caller.check_may_change(secret, what="secret")
            _seal(secret, value, keys=self._services.secret_keys.read_or_make())
            secret.updated_at = self._services.clock()

    async def delete(self, address: SecretAddress) -> None:
        """Forget a secret.

        Raises:
            NotFound: There is none.
        """
        workspace_id = self._workspace(address.workspace_id)
        async with self._services.database.writing() as session:
            secret = await _existing(session, address.name, workspace_id=workspace_id)
            self._caller.check_may_change(secret, what="secret")
            await session.delete(secret)

    def _workspace(self, named: str | None) -> str:
        if named is None or self._services.settings.local:
            return self._caller.user
        self._caller.check_workspace(named)
        return named


async def names_in(
    services: EngineServices, workspace_ids: Collection[str]
) -> set[tuple[str, str]]:
    """The secrets of some workspaces: of each its workspace and its name."""
    async with services.database.reading() as session:
        return await store.names_in(session, workspace_ids)


async def tell_of_keys(services: EngineServices) -> None:
    """Log if secrets cannot be read because their key is not there. All else goes on.

    Commands beside the engine are told which keys of the environment it knows.
    """
    keys = services.secret_keys
    async with services.database.reading() as session:
        used = await store.key_ids(session)
    try:
        running_engine.tell(services.folder, keys.in_environment())
        keys.check(used)
    except SecretLocked as error:
        logger.error("%s", error, extra={"event": "secrets_locked"})  # noqa: TRY400 - no traceback


async def encrypt_anew(session: AsyncSession, keys: Keys) -> int:
    """Encrypt with the first key what is encrypted with others; gives how many secrets that are.

    Raises:
        SecretLocked: The key of a secret does not open it.
    """
    secrets = await store.sealed_otherwise(session, keys.ids[0])
    for secret in secrets:
        try:
            value = _opened(secret, keys=keys)
        except SecretLocked as error:
            raise SecretLocked(
                f"{error} It is {secret.name!r} of the workspace {secret.workspace_id!r}."
            ) from error
        _seal(secret, value, keys=keys)
    return len(secrets)


async def _existing(session: AsyncSession, name: str, *, workspace_id: str) -> Secret:
    secret = await store.get(session, workspace_id, name)
    if secret is None:
        raise NotFound(f"There is no secret {name!r} in the workspace {workspace_id!r}.")
    return secret


def _opened(secret: Secret, *, keys: Keys) -> str:
    sealed = Sealed(key_id=secret.key_id, nonce=secret.nonce, ciphertext=secret.ciphertext)
    return keys.open(sealed, bound_to=_binding(secret))


def _seal(secret: Secret, value: str, *, keys: Keys) -> None:
    sealed = keys.seal(value, bound_to=_binding(secret))
    secret.key_id = sealed.key_id
    secret.nonce, secret.ciphertext = sealed.nonce, sealed.ciphertext


def _binding(secret: Secret) -> str:
    """What a value is bound to; ids and names hold no control characters."""
    return f"{secret.workspace_id}\0{secret.name}"


def _check_value(value: str) -> None:
    size = len(value.encode())
    if size > _LARGEST_VALUE:
        raise BadRequest(
            f"The value has {size} bytes, and a secret may have {_LARGEST_VALUE}. Keep the data "
            "elsewhere, and here what opens them."
        )
