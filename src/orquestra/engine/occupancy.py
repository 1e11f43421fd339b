"""The lock that says that an engine runs on a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from orquestra.engine.errors import ConfigurationError
from orquestra.engine.settings import DataFolder


@contextmanager
def sole_use(folder: DataFolder) -> Iterator[None]:
    """Make sure that no engine works on the same data meanwhile.

    Raises:
        ConfigurationError: One does.
    """
    with (folder.runtime / "engine.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise ConfigurationError(
                f"Another engine (process {file.read().strip() or 'unknown'}) is running on "
                f"{folder.root}. Stop it first, or name another folder with --data."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
