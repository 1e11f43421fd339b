"""Passwords, of which only a slow hash is kept: `scrypt$<log2 n>$<r>$<p>$<salt>$<digest>`."""

import base64
import hashlib
import hmac
import secrets
import unicodedata

from orquestra.engine.errors import BadRequest

SHORTEST = 8
LONGEST = 1024

_LOG2_N, _R, _P = 15, 8, 1
"""32 MiB of memory and about a tenth of a second for each attempt."""

_SALT_BYTES = 16
_DIGEST_BYTES = 32
_MEMORY_LIMIT = 256 * 1024**2


def check_password(password: str) -> None:
    """Make sure that a new password may be one.

    Raises:
        BadRequest: It is too short or too long, or holds what cannot be typed into a form.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadRequest(f"A password has {SHORTEST} to {LONGEST} characters.")
    if any(unicodedata.category(character) == "Cc" for character in password):
        raise BadRequest("A password is one line, without tabs and other control characters.")


def password_hash(password: str) -> str:
    """What is kept of a password. It takes a tenth of a second, on purpose."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _digest(password, salt=salt, log2_n=_LOG2_N, r=_R, p=_P)
    return f"scrypt${_LOG2_N}${_R}${_P}${_text(salt)}${_text(digest)}"


def is_password(password: str, kept: str | None) -> bool:
    """Whether a password is the one of which this was kept; of None it never is.

    That takes as long, so that nobody learns from the time which users have a password.
    """
    _, log2_n, r, p, salt, digest = (kept or _OF_NOBODY).split("$")
    found = _digest(password, salt=_bytes(salt), log2_n=int(log2_n), r=int(r), p=int(p))
    return hmac.compare_digest(found, _bytes(digest)) and kept is not None


def _digest(password: str, *, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    # Keyboards differ in how they write the same accented letter.
    same = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
    return hashlib.scrypt(
        same, salt=salt, n=2**log2_n, r=r, p=p, maxmem=_MEMORY_LIMIT, dklen=_DIGEST_BYTES
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


_OF_NOBODY = f"scrypt${_LOG2_N}${_R}${_P}${_text(bytes(_SALT_BYTES))}${_text(bytes(_DIGEST_BYTES))}"
