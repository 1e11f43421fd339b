"""Heads of buffered values that a task has made up: nothing large is read because of them."""

import struct

import pytest

from orquestra.engine.artifacts.reading import public_bytes
from orquestra.engine.artifacts.storage import ArtifactStorage
from orquestra.engine.database.tables import Artifact
from orquestra.sdk import buffered_pickles
from orquestra.sdk.schema.cluster import ValueFormat

MAGIC = b"ORQPKL1\n"
NAME = "run.worker.1"


@pytest.fixture
def value(tmp_path):
    """Gives the pieces of a value that has these bytes, and is said to be as long as `size`."""
    (tmp_path / "run").mkdir()

    def of(content: bytes, *, size: int):
        with (tmp_path / "run" / NAME).open("wb") as file:
            file.write(content)
            file.truncate(size)  # sparse: any size costs nothing
        artifact = Artifact(
            id="a-1",
            run_id="run",
            file=NAME,
            offset=0,
            size=size,
            format=ValueFormat.BUFFERED_PICKLE.value,
        )
        return public_bytes(ArtifactStorage(tmp_path), artifact)

    return of


def head(*buffers: tuple[int, int], pickle: int = 1, count: int | None = None) -> bytes:
    number = len(buffers) if count is None else count
    beginning = struct.pack("<8sQQ", MAGIC, pickle, number)
    return beginning + b"".join(struct.pack("<QQQ", *buffer, 1) for buffer in buffers)


def test_a_head_that_is_too_large_for_memory_is_refused_unread(value, monkeypatch):
    monkeypatch.setattr(buffered_pickles, "plain_pickle", lambda _: pytest.fail("was read"))

    with pytest.raises(ValueError, match="says that its head has"):
        next(value(head(count=2**22), size=2**28))


@pytest.mark.parametrize("buffers", [[(0, 2**30)], [(0, 2**20)] * 3])
def test_buffers_that_are_more_than_the_value_are_refused_before_the_first_byte(value, buffers):
    with pytest.raises(ValueError, match="fewer bytes than its head says"):
        next(value(head(*buffers), size=2**21))
