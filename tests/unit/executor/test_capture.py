"""Capturing output at the level of file descriptors."""

import os
import subprocess
import sys

import pytest

from orquestra.executor import capture as capture_module
from orquestra.executor.capture import MOST_UNREAD_LINES, Capture, _Log, unread_lines
from orquestra.executor.progress import ProgressNote, read_progress
from orquestra.sdk.schema.cluster import LogStream

WORKER = "worker-1"
OUT, ERR = LogStream.OUT, LogStream.ERR


class Captured:
    """A capture, and the lines that came out of it."""

    def __init__(self, folder):
        self.folder = folder
        self.lines = {stream: [] for stream in LogStream}
        self.note = ProgressNote(folder, WORKER)
        self.capture = Capture(folder, WORKER, note=self.note, sink=self.take)

    def take(self, stream, lines):
        self.lines[stream].extend(text for _, text in lines)

    def call(self, function):
        self.capture.begin()
        try:
            function()
        finally:
            self.capture.flush()
            self.capture.hand_on_rest()


@pytest.fixture
def captured(tmp_path, capfd):
    with capfd.disabled():
        made = Captured(tmp_path)
        with made.note:
            yield made


def test_python_children_and_raw_writes_are_all_captured_in_order(captured):
    def work():
        sys.stdout.write("from Python\n")
        subprocess.run(["sh", "-c", "echo from a child; echo to err >&2"], check=True)
        os.write(1, b"from C code\nunfinished")
        sys.stderr.write("err\n")

    with captured.capture:
        captured.call(work)

    assert captured.lines[OUT] == ["from Python", "from a child", "from C code", "unfinished"]
    assert captured.lines[ERR] == ["to err", "err"]


def test_output_goes_where_it_went_before_once_the_worker_ends(captured, tmp_path):
    before = os.fstat(1)
    streams = sys.stdout, sys.stderr

    with captured.capture:
        assert not os.path.samestat(before, os.fstat(1))
    captured.note.close()

    assert os.path.samestat(before, os.fstat(1))
    assert (sys.stdout, sys.stderr) == streams
    assert list(tmp_path.iterdir()) == []


def test_long_output_arrives_complete(captured):
    with captured.capture:
        captured.call(lambda: sys.stdout.write("".join(f"{number}\n" for number in range(50_000))))

    assert captured.lines[OUT] == [str(number) for number in range(50_000)]


def test_what_is_no_text_does_not_stop_the_log(captured):
    with captured.capture:
        captured.call(lambda: os.write(1, b"\xff\xfe\r\n\nlast"))

    assert captured.lines[OUT] == ["\ufffd\ufffd", "", "last"]


def test_whole_lines_are_handed_on_during_a_call_and_counted_in_the_note(captured, tmp_path):
    def work():
        os.write(1, b"whole\nhal")
        captured.capture.hand_on_some()
        during.append((list(captured.lines[OUT]), read_progress(tmp_path, WORKER).handed_on[OUT]))
        os.write(1, b"f\n")

    during = []
    with captured.capture:
        captured.call(work)

    assert during == [(["whole"], len("whole\n"))]
    assert captured.lines[OUT] == ["whole", "half"]


@pytest.mark.parametrize("shell", ["{}", "{{ {}; }} &"], ids=["child", "orphan"])
def test_a_child_left_behind_does_not_write_into_the_log_of_the_next_call(
    captured, tmp_path, shell
):
    late = f"while ! test -e {tmp_path}/go; do sleep 0.01; done; echo late; touch {tmp_path}/done"
    left: list[subprocess.Popen] = []

    def leave_behind():
        left.append(subprocess.Popen(["sh", "-c", shell.format(late)]))
        if shell != "{}":
            left[0].wait()
        os.write(2, b"one\n")

    def speak():
        (tmp_path / "go").touch()
        while not (tmp_path / "done").exists():
            os.sched_yield()
        os.write(1, b"two\n")

    with captured.capture:
        captured.call(leave_behind)
        captured.call(speak)
    left[0].wait()

    assert captured.lines == {OUT: ["two"], ERR: ["one"]}


@pytest.mark.parametrize("speaks", [True, False], ids=["and writes", "and is silent"])
def test_a_call_ends_although_a_child_that_it_left_behind_writes_for_ever(captured, speaks):
    left: list[subprocess.Popen] = []

    def leave_behind():
        left.append(subprocess.Popen(["yes"] if speaks else ["sleep", "60"]))

    with captured.capture:
        captured.call(leave_behind)
        captured.lines[OUT].clear()
        captured.call(lambda: os.write(1, b"mine\n"))
        left[0].kill()
        left[0].wait()

    assert captured.lines[OUT] == ["mine"]


def test_the_child_of_a_silent_call_does_not_write_into_the_log_of_the_next(captured):
    left: list[subprocess.Popen] = []

    def leave_behind():
        left.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))

    def speak():
        left[0].communicate(b"late\n")
        os.write(1, b"mine\n")

    with captured.capture:
        captured.call(leave_behind)
        captured.call(speak)

    assert captured.lines[OUT] == ["mine"]


def test_one_look_at_a_call_that_writes_much_tells_only_some_of_it(captured):
    def work():
        os.write(1, b"line\n" * 5000)
        more.append(captured.capture.hand_on_some())
        told.append(len(captured.lines[OUT]))

    more, told = [], []
    with captured.capture:
        captured.call(work)

    assert (more, told) == ([True], [1000])
    assert len(captured.lines[OUT]) == 5000


def test_of_very_many_unread_lines_the_last_are_told(tmp_path):
    (tmp_path / f"{WORKER}.out").write_bytes(b"".join(b"%d\n" % n for n in range(1_000_000)))

    unread = unread_lines(tmp_path, WORKER, stream=OUT, start=0)

    assert (len(unread), unread[-1]) == (MOST_UNREAD_LINES, "999999")


def test_the_disk_gets_back_the_room_of_a_very_long_log(tmp_path, monkeypatch):
    monkeypatch.setattr(capture_module, "_LONG", 1 << 20)
    log = _Log(tmp_path / "out", os.dup(1))
    log.open()
    os.write(log._file, b"123456789\n" * 300_000)
    while log.lines(end=log.size(), last=False):
        log.shorten()
    blocks = os.fstat(log._file).st_blocks
    log.discard()

    assert blocks * 512 < 2 << 20


def test_of_a_killed_worker_the_rest_of_its_last_calls_log_is_read_from_the_file(
    captured, tmp_path
):
    def work():
        os.write(1, b"seen\n")
        captured.capture.hand_on_some()
        os.write(1, b"unseen\nunfinished")
        start = read_progress(tmp_path, WORKER).handed_on[OUT]
        rest.append(unread_lines(tmp_path, WORKER, stream=OUT, start=start))

    rest = []
    with captured.capture:
        captured.call(lambda: os.write(1, b"of an earlier call\n"))
        captured.call(work)

    assert rest == [("unseen", "unfinished")]
    assert unread_lines(tmp_path, "nobody", stream=OUT, start=0) == ()


@pytest.mark.parametrize("leave", ["closed", "replaced", "descriptor closed"])
def test_a_task_that_leaves_its_output_broken_harms_neither_itself_nor_the_next(captured, leave):
    def work():
        os.write(1, b"first\n")
        if leave == "closed":
            sys.stdout.close()
        elif leave == "replaced":
            sys.stdout = None
        else:
            os.close(1)

    with captured.capture:
        captured.call(work)
        captured.call(lambda: sys.stdout.write("second\n"))

    assert captured.lines[OUT] == ["first", "second"]


def test_a_call_that_writes_nothing_leaves_the_files_alone(captured, tmp_path):
    with captured.capture:
        captured.call(lambda: None)
        before = (tmp_path / f"{WORKER}.out").stat()
        captured.call(lambda: None)
        after = (tmp_path / f"{WORKER}.out").stat()

    assert os.path.samestat(before, after)
    assert captured.lines == {OUT: [], ERR: []}


def test_after_a_call_without_children_its_file_is_used_again_from_the_beginning(
    captured, tmp_path
):
    with captured.capture:
        captured.call(lambda: os.write(1, b"one\n"))

        assert (tmp_path / f"{WORKER}.out").stat().st_size == 0
        assert read_progress(tmp_path, WORKER).handed_on[OUT] == 0
        captured.call(lambda: os.write(1, b"two\n"))

    assert captured.lines[OUT] == ["one", "two"]


def test_following_many_short_lines_holds_little_of_them_at_a_time(tmp_path):
    written = 3 * 2**20
    log = _Log(tmp_path / "out", os.dup(1))
    log.open()
    os.write(log._file, b"123456789\n" * (written // 10))

    most = count = 0
    while lines := log.lines(end=written, last=True):
        count += len(lines)
        most = max(most, len(log._rest))
    log.discard()

    assert count == written // 10
    assert most <= 2**20 + 10
