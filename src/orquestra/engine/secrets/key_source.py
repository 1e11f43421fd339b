"""Where the keys of secrets are: in a file of the engine's own, or in its environment."""

import base64
import binascii
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from orquestra.engine.auth import key_files
from orquestra.engine.errors import SecretLocked
from orquestra.engine.secrets.encryption import KEY_BYTES, Keys

VARIABLE = "ORQUESTRA_SECRETS_KEY"
"""Keys in base64, separated by commas; the first one encrypts."""

_WAY_OUT = (
    "The administrator can put a key back, as a line of the file or behind a comma of the "
    "variable. What a lost one has encrypted must be set again."
)


class KeySource:
    """Keys of the environment, where there are any, and those of a file.

    They are read anew each time, since a rotation changes the file while the engine runs. The file
    has one key on a line, and more than one line only while a rotation is on its way.
    """

    def __init__(self, folder: Path, *, environment: Mapping[str, str] = os.environ) -> None:
        self.path = folder / "secrets.key"
        self._environment = environment

    @property
    def is_environment(self) -> bool:
        """Whether the key that encrypts is of the environment.

        Raises:
            SecretLocked: What is there is no key.
        """
        return bool(self.in_environment())

    def read(self) -> Keys:
        """All keys there are.

        Raises:
            SecretLocked: What is there is no key.
        """
        return Keys([*self.in_environment(), *self.in_file()])

    def read_or_make(self) -> Keys:
        """All keys there are; where there is none yet, the first one is made.

        Raises:
            SecretLocked: What is there is no key.
        """
        if not (self.is_environment or self.path.exists()):
            key_files.create(self.path, _lines([os.urandom(KEY_BYTES)]))
        keys = self.read()
        if not keys.ids:
            raise SecretLocked(f"No secret can be saved: {self._file} is empty. {_WAY_OUT}")
        return keys

    def with_key(self, key_id: str, *, known: Keys) -> Keys:
        """Keys that this one is among.

        `known` are the keys as they were before a secret was looked up. If its key is not one of
        them, a rotation may have begun since, so they are read again.

        Raises:
            SecretLocked: There is no such key.
        """
        keys = known if key_id in known.ids else self.read()
        self._check(keys, [key_id])
        return keys

    def check(self, key_ids: Iterable[str]) -> None:
        """Make sure that keys are there.

        Raises:
            SecretLocked: They are not, or what is there is no key.
        """
        self._check(self.read(), key_ids)

    def in_environment(self) -> list[bytes]:
        """The keys in the environment, that which encrypts first.

        Raises:
            SecretLocked: What is there is no key.
        """
        return list(_keys(self._environment.get(VARIABLE, "").split(","), place=VARIABLE))

    def in_file(self) -> list[bytes]:
        """The keys in the file, that which encrypts first; none where there is no file.

        Raises:
            SecretLocked: What is there is no key.
        """
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SecretLocked(
                f"No secret can be read or saved: {self._file} cannot be read: {error.strerror}."
            ) from error
        return list(_keys(lines, place=self._file))

    def replace(self, keys: Iterable[bytes]) -> None:
        """Have these keys in the file, and no others."""
        key_files.replace(self.path, _lines(keys))

    def forget_unfinished(self) -> None:
        """Remove keys beside the file that a `replace` has left there which was killed."""
        if self.path.exists():
            key_files.forget_unfinished(self.path)

    @property
    def _file(self) -> str:
        return f"the file {self.path.name} of the engine's folder of keys"

    def _check(self, keys: Keys, key_ids: Iterable[str]) -> None:
        missing = sorted(set(key_ids).difference(keys.ids))
        if missing:
            raise SecretLocked(
                f"Secrets of this engine are encrypted with the key {', '.join(missing)}, which is "
                f"neither in {self._file} nor in {VARIABLE}. {_WAY_OUT}"
            )


def _keys(texts: Iterable[str], *, place: str) -> Iterator[bytes]:
    for number, text in enumerate(texts, start=1):
        if text.strip():
            yield _key(text.strip(), place=f"entry {number} of {place}")


def _key(text: str, *, place: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:  # its text is not told: it may be a key with a typing error
        raise SecretLocked(
            f"No secret can be read or saved: {place} is no key. A key is {KEY_BYTES} random bytes "
            "in base64; `openssl rand -base64 32` prints one."
        )
    return key


def _lines(keys: Iterable[bytes]) -> bytes:
    return b"".join(base64.b64encode(key) + b"\n" for key in keys)
