"""Fixtures of the executor's unit tests."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from orquestra.executor.testing import MemoryEngine


@pytest.fixture
def serve():
    """Serve runs on a Unix socket for the length of a test."""
    with ExitStack() as stack:

        def start(*runs, **options):
            # The path of a socket may have 107 characters, and pytest's own folders are deep.
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            engine = MemoryEngine(*runs, folder=Path(folder), **options)
            return stack.enter_context(engine)

        yield start
