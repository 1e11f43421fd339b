"""A new key for all secrets, and the end of the old one, whether the engine runs or not.

The file of keys has every key that a secret in the database is encrypted with, at each moment:

1. The new key is written in front of the old ones. New values are encrypted with it from now on.
2. One transaction encrypts everything else anew.
3. The old keys are left out of the file.

Who stops it in between has lost nothing, and may begin again. What the engine writes meanwhile is
written before the transaction, which then finds it, or after it, with the new key.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orquestra.engine.administration import administer, look
from orquestra.engine.secrets import running_engine, service, store
from orquestra.engine.secrets.encryption import KEY_BYTES, Keys
from orquestra.engine.secrets.key_source import KeySource
from orquestra.engine.settings import DataFolder


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What was done: so many secrets were encrypted anew, with this key."""

    secrets: int
    key_id: str


def rotate(folder: DataFolder, source: KeySource) -> Rotation:
    """Encrypt all secrets of a data folder with a new key.

    The environment's first key counts as the new one, where it has any; the file stays then.

    Raises:
        SecretLocked: The key of a secret is not there, and nothing has changed; or a secret was
            tampered with, and all others can still be read.
        ConfigurationError: The database is of another release than this one, or an engine runs on
            the folder that does not know the new key of the environment.
    """
    with _turn(folder):
        _check_keys(folder, source)
        # Made here if there is none: once it is there, no engine makes one that would be lost.
        source.read_or_make()
        source.forget_unfinished()
        if source.is_environment:
            return _encrypt_anew(folder, source.read())
        new, old = os.urandom(KEY_BYTES), source.in_file()
        source.replace([new, *old])
        rotation = _encrypt_anew(folder, source.read())
        source.replace([new])
        return rotation


@contextmanager
def _turn(folder: DataFolder) -> Iterator[None]:
    """One rotation at a time."""
    with (folder.keys / "rotation.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_keys(folder: DataFolder, source: KeySource) -> None:
    source.check(look(folder, store.key_ids))
    if source.is_environment:
        running_engine.check(folder, source.in_environment()[0])


def _encrypt_anew(folder: DataFolder, keys: Keys) -> Rotation:
    encrypted = administer(folder, lambda session: service.encrypt_anew(session, keys))
    return Rotation(secrets=encrypted, key_id=keys.ids[0])
