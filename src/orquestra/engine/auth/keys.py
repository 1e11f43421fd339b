"""The engine's secret key, and what is derived from it."""

import hashlib
import hmac
import secrets
from pathlib import Path

from orquestra.engine.auth import key_files
from orquestra.engine.errors import ConfigurationError

_KEY_BYTES = 32


class SecretKey:
    """One random key on disk. Every other secret is derived from it for a purpose of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def load(cls, folder: Path) -> "SecretKey":
        """The key in a folder; made on first use, readable by the owner only.

        Raises:
            ConfigurationError: What is there is no key.
        """
        path = folder / "secret.key"
        if not path.exists():
            key_files.create(path, secrets.token_bytes(_KEY_BYTES))
        key_files.forget_unfinished(path)
        key = path.read_bytes()
        if len(key) != _KEY_BYTES:  # whoever knows a short one is anybody
            raise ConfigurationError(
                f"The file {path} has {len(key)} bytes, and the engine's key has {_KEY_BYTES}. Put "
                "a copy of the key back. Without one delete the file: the engine makes another "
                "key, everybody logs in again, and runs that execute have to be started again."
            )
        return cls(key)

    def derive(self, purpose: str, subject: str) -> str:
        """A secret for one purpose and subject, the same one at every call."""
        message = f"{purpose}\0{subject}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
