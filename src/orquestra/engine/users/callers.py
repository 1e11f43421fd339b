"""From the token of a request to who asks."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Caller, Role
from orquestra.engine.auth.tokens import Claims
from orquestra.engine.database.sessions import Database
from orquestra.engine.database.tables import Run
from orquestra.engine.errors import Unauthorized
from orquestra.engine.users import store
from orquestra.engine.users.store import Identity

_MOST_KNOWN = 1000


class _Known(NamedTuple):
    caller: Caller
    until: float


class Callers:
    """Finds out who asks. Whom a login token has shown, it knows for a while without asking again.

    Args:
        database: The engine's.
        memory: How long that is, and so how long a token may go on that was taken back.
        clock: Seconds from any moment on.
    """

    def __init__(
        self,
        database: Database,
        *,
        memory: timedelta = timedelta(0),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._memory = memory.total_seconds()
        self._clock = clock
        self._known: dict[Claims, _Known] = {}

    async def of(self, claims: Claims) -> Caller:
        """Who asks with a token that says this; raises as `caller_of`."""
        now = self._clock()  # before the database is asked: what changes meanwhile is in time
        known = self._known.get(claims)
        if known is not None and now < known.until:
            return known.caller
        async with self._database.reading() as session:
            caller = await caller_of(session, claims)
        if claims.run_id is None:
            self._keep(claims, _Known(caller, now + self._memory))
        return caller

    def _keep(self, claims: Claims, known: _Known) -> None:
        self._known.pop(claims, None)  # the oldest one is the first
        self._known[claims] = known
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]


async def caller_of(session: AsyncSession, claims: Claims) -> Caller:
    """Who asks with a token that says this.

    Raises:
        Unauthorized: The token was taken back, its user was removed, or its run is over.
    """
    identity = await store.identity(session, claims.user, token_id=claims.id)
    if identity is None or identity.removed:
        raise Unauthorized(
            f"There is no user {claims.user!r} here. The administrator adds them, or brings them "
            "back, with `orq engine user add`."
        )
    if claims.run_id is not None:
        return await _of_run(session, claims, identity=identity)
    valid_from = identity.tokens_valid_from
    too_old = valid_from is not None and claims.issued_at < valid_from
    if too_old or identity.revoked:
        raise Unauthorized("The login token was taken back. Log in again with `orq login`.")
    return Caller(user=claims.user, is_admin=identity.is_admin, workspaces=identity.workspaces)


async def _of_run(session: AsyncSession, claims: Claims, *, identity: Identity) -> Caller:
    """A task of a run: nothing but the run's workspace and its owner's own, and no administrator.

    Of the owner's tokens it is independent: the run goes on when those are taken back.
    """
    run = await session.get(Run, claims.run_id)
    if run is None or not run.executing or run.owner != claims.user:
        raise Unauthorized("The token belongs to a run that is over.")
    reachable = {run.workspace_id, run.owner}
    workspaces = {name: role for name, role in identity.workspaces.items() if name in reachable}
    if identity.is_admin:  # who may run workflows in it without being a member
        workspaces.setdefault(run.workspace_id, Role.MEMBER)
    return Caller(user=claims.user, run_id=run.id, workspaces=workspaces)
