"""The engine's secret key, and what is derived from it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

_KEY_BYTES = 32


class SecretKey:
    """One random key on disk. Every other secret is derived from it for a purpose of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def load(cls, folder: Path) -> "SecretKey":
        """The key in a folder; made on first use, readable by the owner only."""
        path = folder / "secret.key"
        if not path.exists():
            partial = folder / f".secret.key.{os.getpid()}"
            partial.touch(mode=0o600)
            partial.write_bytes(secrets.token_bytes(_KEY_BYTES))
            try:
                # A link never replaces: of two processes, one makes the key and both read it.
                path.hardlink_to(partial)
            except FileExistsError:
                pass
            finally:
                partial.unlink()
        return cls(path.read_bytes())

    def derive(self, purpose: str, subject: str) -> str:
        """A secret for one purpose and subject, the same one at every call."""
        message = f"{purpose}\0{subject}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
