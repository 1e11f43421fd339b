"""What a worker notes about the call it runs."""

import os

import pytest

from orquestra.executor.errors import NoRoom
from orquestra.executor.progress import ProgressNote, read_progress
from orquestra.sdk.schema.cluster import LogStream


def test_a_full_disk_is_told_with_what_to_do(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)

    with pytest.raises(NoRoom, match=r"No space left.*Make room"):
        ProgressNote(tmp_path, "w1")


def test_the_note_tells_others_what_runs_and_how_far_its_logs_were_told(tmp_path):
    note = ProgressNote(tmp_path, "w")
    note.count_kills(2)
    note.begin(7, 12.5)
    note.hand_on(LogStream.ERR, 30)

    found = read_progress(tmp_path, "w")

    assert (found.number, found.started_at, found.oom_kills) == (7, 12.5, 2)
    assert found.handed_on == {LogStream.OUT: 0, LogStream.ERR: 30}
    note.close()


def test_between_calls_nothing_runs(tmp_path):
    with ProgressNote(tmp_path, "w") as note:
        note.begin(7, 12.5)
        note.end()

        found = read_progress(tmp_path, "w")

    assert (found.number, found.started_at) == (None, None)


def test_of_a_worker_that_ended_as_it_should_there_is_no_note(tmp_path):
    ProgressNote(tmp_path, "w").close()

    assert read_progress(tmp_path, "w") is None


def test_a_note_that_was_just_made_is_no_note_yet(tmp_path):
    (tmp_path / "w.progress").touch()

    assert read_progress(tmp_path, "w") is None
