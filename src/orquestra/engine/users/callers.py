"""From the token of a request to who asks."""

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Caller
from orquestra.engine.auth.tokens import Claims
from orquestra.engine.database.tables import Run
from orquestra.engine.errors import Unauthorized
from orquestra.engine.users import store


async def caller_of(session: AsyncSession, claims: Claims) -> Caller:
    """Who asks with a token that says this.

    Raises:
        Unauthorized: The token was taken back, its user was removed, or its run is over.
    """
    user, workspaces = await store.with_memberships(session, claims.user)
    if user is None or user.removed:
        raise Unauthorized(f"There is no user {claims.user!r} here any more.")
    if claims.run_id is not None:
        run = await session.get(Run, claims.run_id)
        if run is None or not run.executing or run.owner != claims.user:
            raise Unauthorized("The token belongs to a run that is over.")
        reachable = {run.workspace_id, run.owner}
        return Caller(
            user=user.id,
            run_id=run.id,
            workspaces={name: role for name, role in workspaces.items() if name in reachable},
        )
    too_old = user.tokens_valid_from is not None and claims.issued_at < user.tokens_valid_from
    if too_old or await store.is_revoked(session, claims.id):
        raise Unauthorized("The login token was taken back. Log in again with `orq login`.")
    return Caller(user=user.id, is_admin=user.is_admin, workspaces=workspaces)
