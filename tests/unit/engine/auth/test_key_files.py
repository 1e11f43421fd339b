import os
import signal
import stat

import pytest

from orquestra.engine.auth import key_files


def test_a_key_file_is_closed_to_others_and_has_nothing_beside_it(tmp_path):
    path = tmp_path / "a.key"

    key_files.create(path, b"first")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["a.key"]


def test_a_key_file_that_is_there_is_not_made_again(tmp_path):
    path = tmp_path / "a.key"
    key_files.create(path, b"first")

    key_files.create(path, b"second")

    assert path.read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_replaced_key_file_stays_closed(tmp_path):
    path = tmp_path / "a.key"
    key_files.create(path, b"first")

    key_files.replace(path, b"second")

    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("write", [key_files.create, key_files.replace])
def test_a_disk_that_is_full_leaves_the_old_file_and_no_part_of_a_new_one(
    tmp_path, monkeypatch, write
):
    path = tmp_path / "a.key"
    key_files.create(path, b"first")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, b"second")

    assert path.read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1


def killed(work) -> None:
    """Do something in a process of its own, which is killed once it has written a file."""
    process = os.fork()
    if process == 0:
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        work()
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(process, 0)[1])


@pytest.mark.parametrize("write", [key_files.create, key_files.replace])
def test_what_killed_processes_have_left_can_be_removed(tmp_path, write):
    path, other = tmp_path / "a.key", tmp_path / "b.key"
    key_files.create(other, b"other")
    for file in (path, other):
        killed(lambda file=file: write(file, b"first"))
    key_files.create(path, b"first")
    assert len(list(tmp_path.iterdir())) == 4

    key_files.forget_unfinished(path)

    left = {file.name.rpartition(".")[0] for file in tmp_path.iterdir()}
    assert left == {"a", "b", ".b.key"}


def test_a_key_that_is_removed_as_unfinished_was_too_late(tmp_path, monkeypatch):
    path = tmp_path / "a.key"

    def overtaken(descriptor: int) -> None:
        monkeypatch.undo()
        key_files.create(path, b"of another process")
        key_files.forget_unfinished(path)

    monkeypatch.setattr("os.fsync", overtaken)
    key_files.create(path, b"first")

    assert path.read_bytes() == b"of another process"
    assert len(list(tmp_path.iterdir())) == 1
