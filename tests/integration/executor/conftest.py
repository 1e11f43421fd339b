"""Fixtures of the executor's integration tests: a head and its nodes as local processes."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from orquestra.executor.testing import HostNodes, MemoryEngine


@pytest.fixture
def cluster():
    """Serve runs and start a head for them; nodes follow as the runs ask for them."""

    @contextmanager
    def start(*runs, **options):
        nodes = HostNodes()
        # The path of a socket may have 107 characters, and pytest's own folders are deep.
        with tempfile.TemporaryDirectory() as folder:
            engine = MemoryEngine(*runs, folder=Path(folder), launcher=nodes, **options)
            try:
                with engine:
                    nodes.start_head(engine.head_start)
                    yield engine, nodes
            finally:
                nodes.close()

    return start
