"""The bar or the lines that users see while they wait."""

import io
import os
import sys
from contextlib import redirect_stderr
from datetime import timedelta
from types import ModuleType, SimpleNamespace

import pytest

from orquestra.sdk.runs import progress_displays
from orquestra.sdk.runs.progress_displays import Lines, NotebookBar, Silence, TerminalBar, opened
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State


def progress(state=State.RUNNING, done=1, message=None):
    return api.RunProgress(state=state, total_tasks=2, completed_tasks=done, message=message)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal, for those who redirect standard error to it."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


@pytest.fixture
def notebook(monkeypatch):
    """IPython with a kernel; what its cells have shown."""
    shown = []
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    display.HTML = lambda html: html

    def show(html, *, display_id):
        shown.append(html)
        return SimpleNamespace(update=shown.append)

    display.display = show
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def kind(*, on=None, verbose=True):
    with (
        redirect_stderr(on or sys.stderr),
        opened("r1", pause=timedelta(0), verbose=verbose) as display,
    ):
        return type(display)


def test_nothing_is_shown_where_that_is_wished(terminal):
    assert kind(on=terminal, verbose=False) is Silence
    assert terminal.getvalue() == ""


def test_lines_are_written_where_nobody_looks():
    assert kind() is Lines


def test_lines_are_written_on_a_terminal_that_can_draw_nothing(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")

    assert kind(on=terminal) is Lines


def test_a_notebook_gets_a_bar_in_its_cell(notebook):
    assert kind() is NotebookBar


def test_ipython_in_a_terminal_is_no_notebook(notebook, terminal, monkeypatch):
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", object)

    assert kind(on=terminal) is TerminalBar


def test_a_terminal_has_room_for_one_bar(terminal):
    with redirect_stderr(terminal), opened("r1", pause=timedelta(0), verbose=True) as first:
        assert isinstance(first, TerminalBar)
        assert kind(on=terminal) is Lines
    assert kind(on=terminal) is TerminalBar


def test_the_bar_of_a_terminal_ends_with_the_state_and_its_message(terminal):
    with redirect_stderr(terminal), opened("r1", pause=timedelta(0), verbose=True) as display:
        display.tell("[a warning]")
        display.tell("[a warning]")
        display.show(progress(), now=False)
        display.show(progress(State.FAILED, message="no memory"), now=True)

    written = terminal.getvalue()
    assert written.count("[a warning]") == 1
    assert "r1 is FAILED, 1 of 2 tasks done: no memory" in written
    assert written.rindex("1/2") > written.rindex("r1 is FAILED ")


def test_what_the_program_prints_to_a_file_gets_there_below_a_bar(terminal, capsys):
    with redirect_stderr(terminal), opened("r1", pause=timedelta(0), verbose=True):
        print("data")

    assert capsys.readouterr().out == "data\n"
    assert "data" not in terminal.getvalue()


def test_what_the_program_prints_to_the_bars_own_terminal_goes_above_the_bar():
    ends = os.openpty()
    try:
        theirs = SimpleNamespace(fileno=lambda: ends[1])
        assert progress_displays._is_one_terminal(theirs, theirs)
        assert not progress_displays._is_one_terminal(theirs, io.StringIO())
        assert not progress_displays._is_one_terminal(theirs, None)
    finally:
        for end in ends:
            os.close(end)


def test_the_bar_of_a_notebook_is_drawn_at_most_so_often_but_at_the_end(notebook, monkeypatch):
    moments = iter([0.0, 0.1, 0.3, 0.35])
    monkeypatch.setattr(progress_displays.time, "monotonic", lambda: next(moments))
    bar = NotebookBar("r1")

    for done in range(3):
        bar.show(progress(done=done), now=False)
    bar.show(progress(State.SUCCEEDED, done=2), now=True)

    assert [("RUNNING" in html, 'value="2"' in html) for html in notebook] == [
        (True, False),
        (True, True),
        (False, True),
    ]


def test_warnings_go_below_the_bar_of_a_notebook(notebook, capsys):
    NotebookBar("r1").tell("a warning")

    assert capsys.readouterr().err == "a warning\n"


def test_stderr_progress_lines_quirk_is_kept(capsys):
    lines = Lines("r1", pause=timedelta(0))

    lines.show(progress(), now=False)
    lines.show(progress(), now=False)
    lines.show(progress(State.FAILED, message="no memory"), now=True)

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        "r1 is RUNNING, 1 of 2 tasks done",
        "r1 is FAILED, 1 of 2 tasks done: no memory",
    ]
