"""From a user's password to a login token."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from orquestra.engine.auth.passwords import LONGEST, is_password
from orquestra.engine.clock import system_clock
from orquestra.engine.errors import Forbidden
from orquestra.engine.services import EngineServices
from orquestra.engine.users import store as users

# The same whatever is wrong, so that nobody learns who is a user here.
_REFUSAL = (
    "This user and this password do not belong together. Whoever has no password yet is given one "
    "by the administrator, with `orq engine user password <user>`."
)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What somebody has typed."""

    user: str
    password: str = field(repr=False)


async def log_in(services: EngineServices, credentials: Credentials, *, address: str) -> str:
    """A login token for whoever knows the password of a user.

    Args:
        services: The engine.
        credentials: What was typed.
        address: The network address it came from.

    Raises:
        Forbidden: The password is not that of the user, or there is no such user.
        TooManyAttempts: Too many wrong ones came from there, or for this user.
    """
    attempts = services.login_attempts
    attempts.begin(credentials.user, address=address)
    async with attempts.turn:
        kept, issued_at = await _kept(services, credentials.user)
        typed = credentials.password[:LONGEST]
        if not await asyncio.to_thread(is_password, typed, kept):
            raise Forbidden(_REFUSAL)
    attempts.succeeded(credentials.user, address=address)
    return services.tokens.issue(
        credentials.user,
        lifetime=services.settings.login.token_lifetime,
        issued_at=issued_at,
    )


async def _kept(services: EngineServices, user_id: str) -> tuple[str | None, datetime]:
    """What is kept of a user's password, and the moment at which that was so.

    Nothing is written. But who changes the password has done so before that moment, or says that
    tokens count from a later one on: no token of the old one is left over.
    """
    async with services.database.writing() as session:
        user = await users.get(session, user_id)
        kept = None if user is None or user.removed else user.password_hash
        return kept, system_clock()
