"""Encryption of values with AES-GCM: nobody reads them, or changes or swaps them, without a key."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orquestra.engine.errors import SecretLocked

KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_DIGITS = 16


def key_id(key: bytes) -> str:
    """The name of a key, from which it cannot be told."""
    return hashlib.sha256(key).hexdigest()[:_ID_DIGITS]


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """An encrypted value, and the key that opens it."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class Keys:
    """Keys by id. The first one seals, each opens what it has sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {key_id(key): key for key in keys}

    @property
    def ids(self) -> tuple[str, ...]:
        """Their names, that of the first one first."""
        return tuple(self._keys)

    def seal(self, value: str, *, bound_to: str) -> Sealed:
        """Encrypt a value; it opens only as what it is bound to."""
        sealing = self.ids[0]
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(self._keys[sealing])
        ciphertext = cipher.encrypt(nonce, value.encode(), bound_to.encode())
        return Sealed(key_id=sealing, nonce=nonce, ciphertext=ciphertext)

    def open(self, sealed: Sealed, *, bound_to: str) -> str:
        """The value again.

        Raises:
            SecretLocked: It was sealed as something else, or changed since.
            KeyError: Its key is none of these.
        """
        cipher = AESGCM(self._keys[sealed.key_id])
        try:
            return cipher.decrypt(sealed.nonce, sealed.ciphertext, bound_to.encode()).decode()
        except InvalidTag as error:
            raise SecretLocked(
                "The secret cannot be decrypted: what the engine's database holds of it was "
                "changed by something else. Set its value again."
            ) from error
