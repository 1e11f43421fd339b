"""Which keys of its environment a running engine knows: it tells their ids, never the keys.

Commands beside it have an environment of their own. What they encrypt with a key of that, the
engine can read only if it was started with the same one.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from orquestra.engine.errors import ConfigurationError
from orquestra.engine.secrets.encryption import key_id
from orquestra.engine.secrets.key_source import VARIABLE
from orquestra.engine.settings import DataFolder
from orquestra.sdk.configuration import local_engine


def tell(folder: DataFolder, keys: Iterable[bytes]) -> None:
    """Say that the engine of this process has these keys in its environment."""
    ids = [key_id(key) for key in keys]
    if ids:
        _told(folder).write_text(" ".join([str(os.getpid()), *ids]))
    else:
        forget(folder)


def forget(folder: DataFolder) -> None:
    """An engine has begun that has told nothing yet."""
    _told(folder).unlink(missing_ok=True)


def check(folder: DataFolder, key: bytes) -> None:
    """Make sure that an engine that runs on the data has a key in its environment.

    Raises:
        ConfigurationError: It has not, or has not told yet.
    """
    process = local_engine.holder(folder.root)
    if process is None:
        return
    told = _told(folder).read_text().split() if _told(folder).exists() else []
    # Without the process, what an engine has told that was killed would count for the next one.
    if told[:1] != [str(process)] or key_id(key) not in told[1:]:
        raise ConfigurationError(
            f"The engine that runs on {folder.root} (process {process}) was not started with the "
            f"first key of {VARIABLE}, {key_id(key)}, so it could read no secret any more. Start "
            "it again with the same variable first. If its key is to stay in its file, run this "
            "command without the variable."
        )


def _told(folder: DataFolder) -> Path:
    return folder.runtime / "environment-keys"
