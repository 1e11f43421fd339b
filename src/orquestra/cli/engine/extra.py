"""The check that the engine's packages are installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure


@contextmanager
def required() -> Iterator[None]:
    """Say what to install where importing the engine fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "orquestra":
            raise
        raise Failure(
            f"the package {error.name!r}, which the Compute Engine needs, is not installed",
            code=ExitCode.FAILED,
            hint='pip install "orquestra-sdk[engine]"',
        ) from error
