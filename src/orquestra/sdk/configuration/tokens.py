"""Login tokens, read without checking their signature; that is the Compute Engine's work."""

import base64
import json
import time
from typing import Any

from orquestra.sdk.exceptions import ExpiredTokenError, InvalidTokenError


def check_token(token: str) -> None:
    """Make sure that a token is a JWT and has not expired.

    Raises:
        InvalidTokenError: it is no JWT.
        ExpiredTokenError: its `exp` is in the past.
    """
    expiry = read_claims(token).get("exp")
    if expiry is None:
        return
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        raise InvalidTokenError("The login token says no valid time of expiry. Log in again.")
    if expiry <= time.time():
        raise ExpiredTokenError("The login token has expired. Log in again.")


def token_problem(token: str) -> str | None:
    """What is wrong with a token, in words that follow its name; None where it holds."""
    try:
        check_token(token)
    except ExpiredTokenError:
        return "has expired"
    except InvalidTokenError:
        return "is not valid"
    return None


def read_claims(token: str) -> dict[str, Any]:
    """What a token says.

    Raises:
        InvalidTokenError: it is no JWT.
    """
    try:
        header, payload, signature = token.split(".")
    except ValueError as error:
        raise InvalidTokenError(
            "The login token is not a JWT, which is three texts joined by dots. Copy the whole "
            "token and log in again."
        ) from error
    try:
        json.loads(_decode(header))
        claims = json.loads(_decode(payload))
        _decode(signature)
    except ValueError as error:
        raise InvalidTokenError(
            "The login token is not a JWT: it cannot be decoded, so a part of it may be missing. "
            "Copy the whole token and log in again."
        ) from error
    if not isinstance(claims, dict):
        raise InvalidTokenError("The login token is not a JWT: it holds no claims. Log in again.")
    return claims


def _decode(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
