"""Capturing output at the level of file descriptors."""

import os
import subprocess
import sys

import pytest

from orquestra.executor.capture import Capture, _FollowedFile, log_path, unread_lines
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import LogStream

NAME = ir.TaskInvocationId("invocation-0-task-work")


@pytest.fixture
def captured(tmp_path, capfd):
    """A capture, and the lines that came out of it."""
    lines = {stream: [] for stream in LogStream}
    paths = {stream: log_path(NAME, 1, stream, folder=tmp_path) for stream in LogStream}
    with capfd.disabled():
        yield Capture(paths, sink=lambda stream, found, _: lines[stream].extend(found)), lines


def test_python_children_and_raw_writes_are_all_captured_in_order(captured):
    capture, lines = captured

    with capture:
        sys.stdout.write("from Python\n")
        subprocess.run(["sh", "-c", "echo from a child; echo to err >&2"], check=True)
        os.write(1, b"from C code\nunfinished")
        sys.stderr.write("err\n")

    assert lines[LogStream.OUT] == ["from Python", "from a child", "from C code", "unfinished"]
    assert lines[LogStream.ERR] == ["to err", "err"]


def test_output_goes_where_it_went_before_once_the_task_is_over(captured, tmp_path):
    capture, lines = captured
    before = os.fstat(1)

    with capture:
        assert not os.path.samestat(before, os.fstat(1))

    assert os.path.samestat(before, os.fstat(1))
    assert lines[LogStream.OUT] == []
    assert list(tmp_path.iterdir()) == []


def test_long_output_arrives_complete(captured):
    capture, lines = captured

    with capture:
        sys.stdout.write("".join(f"{number}\n" for number in range(50_000)))

    assert lines[LogStream.OUT] == [str(number) for number in range(50_000)]


def test_what_is_no_text_does_not_stop_the_log(captured):
    capture, lines = captured

    with capture:
        os.write(1, b"\xff\xfe\r\n\nlast")

    assert lines[LogStream.OUT] == ["\ufffd\ufffd", "", "last"]


def test_the_rest_of_a_killed_workers_log_is_read_from_its_file(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"seen\nunseen\nunfinished")

    assert unread_lines(path, len("seen\n")) == ("unseen", "unfinished")
    assert unread_lines(path, 22) == ()
    assert unread_lines(tmp_path / "none", 0) == ()


@pytest.mark.parametrize("leave", ["closed", "replaced by nothing"])
def test_a_task_that_leaves_its_output_broken_harms_neither_itself_nor_the_next(
    tmp_path, capfd, leave
):
    lines = []
    paths = {stream: log_path(NAME, 1, stream, folder=tmp_path) for stream in LogStream}

    with capfd.disabled():
        with Capture(paths, sink=lambda _, found, __: lines.extend(found)):
            os.write(1, b"first\n")
            if leave == "closed":
                sys.stdout.close()
            else:
                sys.stdout = None
        with Capture(paths, sink=lambda _, found, __: lines.extend(found)):
            sys.stdout.write("second\n")

    assert lines == ["first", "second"]


def test_following_many_short_lines_holds_little_of_them_at_a_time(tmp_path):
    written = 3 * 2**20
    path = tmp_path / "out"
    followed = _FollowedFile(path)
    descriptor = os.dup(1)
    followed.attach(descriptor)
    os.write(descriptor, b"123456789\n" * (written // 10))
    os.close(descriptor)

    most = count = 0
    while lines := followed.lines(last=True):
        count += len(lines)
        most = max(most, len(followed._rest))
    followed.discard()

    assert count == written // 10
    assert most <= 2**20 + 10
