import itertools
import threading

import pytest

from orquestra.engine.logs.storage import LogStorage
from orquestra.sdk.schema.cluster import LogKind, LogLine, LogLines, LogStream


@pytest.fixture
def storage(tmp_path):
    return LogStorage(tmp_path)


def lines(*texts: str, invocation: str = "i-1") -> LogLines:
    return LogLines(
        run_id="run",
        kind=LogKind.TASK,
        stream=LogStream.OUT,
        lines=[LogLine(at=1.0, text=text) for text in texts],
        invocation_id=invocation,
    )


def texts(storage: LogStorage, invocation: str = "i-1") -> list[str]:
    stored = storage.read("run", LogKind.TASK, invocation_id=invocation)
    return [line.text for line in stored]


def cut(storage: LogStorage, tmp_path, *, size: int) -> None:
    """Leave the last line as a writer leaves it that is killed, `size` bytes before its end."""
    (file,) = (path for path in tmp_path.rglob("*.jsonl"))
    file.write_bytes(file.read_bytes()[:-size])


@pytest.mark.parametrize("size", [2, 10])
def test_half_a_line_is_skipped_and_the_next_ones_are_read(storage, tmp_path, size):
    storage.append(lines("whole", "torn in the middle"))
    cut(storage, tmp_path, size=size)
    assert texts(storage) == ["whole"]

    storage.append(lines("after it"))

    assert texts(storage) == ["whole", "after it"]


def test_a_line_that_only_lacks_its_end_is_read_once_it_has_one(storage, tmp_path):
    storage.append(lines("first", "without end"))
    cut(storage, tmp_path, size=1)
    assert texts(storage) == ["first"]

    storage.append(lines("next"))

    assert texts(storage) == ["first", "without end", "next"]


@pytest.mark.parametrize(
    "torn", [b"\xff\xfe\n", b"\0\0\0\n", b"3\n", b"[1]\n", b'{"a": 1}\n', b"\n"]
)
def test_what_is_no_line_of_ours_is_skipped(storage, tmp_path, torn):
    storage.append(lines("first"))
    (file,) = tmp_path.rglob("*.jsonl")
    file.write_bytes(file.read_bytes() + torn)

    storage.append(lines("last"))

    assert texts(storage) == ["first", "last"]


def test_batches_of_writers_beside_each_other_do_not_mix(storage):
    def write(name: str) -> None:
        for number in range(20):
            storage.append(lines(*[f"{name} {number} {'x' * 1000}"] * 50))

    writers = [threading.Thread(target=write, args=(name,), daemon=True) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    batches = [list(same) for _, same in itertools.groupby(texts(storage))]
    assert [len(batch) for batch in batches] == [50] * 80


@pytest.mark.parametrize("invocation", ["i" * 300, "ä" * 128, "../../up", "a/b"])
def test_any_id_of_an_invocation_has_a_file_of_its_own(storage, tmp_path, invocation):
    storage.append(lines("mine", invocation=invocation))

    assert texts(storage, invocation) == ["mine"]
    assert texts(storage) == []
    assert [path.parent for path in tmp_path.rglob("*.jsonl")] == [tmp_path / "run" / "task"]
