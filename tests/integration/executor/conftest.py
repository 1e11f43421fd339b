"""Fixtures of the executor's integration tests: a head and its nodes as local processes."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from orquestra.executor.testing import HostNodes, MemoryEngine


@pytest.fixture
def cluster():
    """Serve a plan and start its head; nodes follow as the run asks for them."""

    @contextmanager
    def start(plan):
        nodes = HostNodes()
        # The path of a socket may have 107 characters, and pytest's own folders are deep.
        with tempfile.TemporaryDirectory() as folder:
            engine = MemoryEngine(plan, socket=Path(folder) / "engine.sock", launcher=nodes)
            try:
                with engine:
                    nodes.start_head(engine.head_start)
                    yield engine, nodes
            finally:
                nodes.close()

    return start
