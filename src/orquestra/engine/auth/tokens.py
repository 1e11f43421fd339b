"""Login tokens (JWTs), tokens of runs, and those that open the internal API to a run cluster."""

import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.errors import Forbidden, Unauthorized

_ALGORITHM = "HS256"
DEFAULT_LIFETIME = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a token says; `run_id` is set in the token of a run, which has no expiry."""

    id: str
    user: str
    issued_at: datetime
    expires_at: datetime | None
    run_id: str | None


class Tokens:
    """Issues tokens and reads them. All of it follows from the secret key.

    Whether a token still counts is not known here: see `users.callers`.
    """

    def __init__(self, key: SecretKey) -> None:
        self._key = key
        self._signing_key = key.derive("login", "signing")

    def issue(
        self,
        user: str,
        *,
        lifetime: timedelta = DEFAULT_LIFETIME,
        issued_at: datetime | None = None,
    ) -> str:
        """A login token for a user, valid for `lifetime`.

        `issued_at` is from when on the user may have one (default: now). Where what was earlier
        is taken back meanwhile, the token does not count.
        """
        at = issued_at or datetime.now(UTC)
        return self._signed(user, id=uuid.uuid4().hex, issued_at=at, exp=at + lifetime)

    def of_run(self, run_id: str, *, owner: str, created_at: datetime) -> str:
        """The token that tasks of a run find: always the same one, valid while it executes."""
        return self._signed(owner, id=run_id, issued_at=created_at, run=run_id)

    def read(self, token: str) -> Claims:
        """What a token says.

        Raises:
            Unauthorized: It was not issued by this engine, or it has expired.
        """
        try:
            claims = jwt.decode(
                token,
                self._signing_key,
                algorithms=[_ALGORITHM],
                # A clock that was set back does not log everybody out.
                options={"require": ["sub", "iat"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized(
                "The login token has expired. Get a new one and log in again with "
                "`orq login -s <server>`."
            ) from error
        except jwt.InvalidTokenError as error:
            raise Unauthorized("The login token is not one of this engine.") from error
        expiry = claims.get("exp")
        if expiry is None and "run" not in claims:
            raise Unauthorized("The login token is not one of this engine.")
        return Claims(
            # Tokens had no id before release 2.0.0a2.
            id=claims.get("jti", ""),
            user=claims["sub"],
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=None if expiry is None else datetime.fromtimestamp(expiry, UTC),
            run_id=claims.get("run"),
        )

    def of_cluster(self, cluster_id: str) -> str:
        """The token that opens the internal API to one run cluster."""
        return self._key.derive("cluster", cluster_id)

    def of_ray(self, cluster_id: str) -> str:
        """The token that all Ray processes of one run cluster show each other."""
        return self._key.derive("ray", cluster_id)

    def check_cluster(self, cluster_id: str, token: str) -> None:
        """Make sure that a token is the one of a run cluster.

        Raises:
            Forbidden: It is not.
        """
        if not hmac.compare_digest(token.encode(), self.of_cluster(cluster_id).encode()):
            raise Forbidden("The token does not belong to this run cluster.")

    def _signed(self, user: str, *, id: str, issued_at: datetime, **more: Any) -> str:  # noqa: A002
        # With its fraction: a token of the second in which older ones are taken back counts.
        issued = issued_at.timestamp()
        claims = {"sub": user, "email": user, "jti": id, "iat": issued, **more}
        return jwt.encode(claims, self._signing_key, algorithm=_ALGORITHM)
