"""Login tokens (JWTs) and the tokens that open the internal API to one run cluster."""

import hmac
from datetime import UTC, datetime, timedelta

import jwt

from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.errors import Forbidden, Unauthorized

_ALGORITHM = "HS256"
DEFAULT_LIFETIME = timedelta(days=30)


class Tokens:
    """Issues and checks tokens. Nothing is stored: all of it follows from the secret key."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key
        self._signing_key = key.derive("login", "signing")

    def issue(self, user: str, *, lifetime: timedelta = DEFAULT_LIFETIME) -> str:
        """A login token for a user, valid for `lifetime` from now."""
        now = datetime.now(UTC)
        claims = {"sub": user, "email": user, "iat": now, "exp": now + lifetime}
        return jwt.encode(claims, self._signing_key, algorithm=_ALGORITHM)

    def user_of(self, token: str) -> str:
        """The user of a login token.

        Raises:
            Unauthorized: It was not issued by this engine, or it has expired.
        """
        try:
            claims = jwt.decode(
                token,
                self._signing_key,
                algorithms=[_ALGORITHM],
                options={"require": ["sub", "exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized(
                "The login token has expired. Get a new one and log in again with "
                "`orq login -s <server> -t <token>`."
            ) from error
        except jwt.InvalidTokenError as error:
            raise Unauthorized("The login token is not one of this engine.") from error
        return str(claims["sub"])

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
