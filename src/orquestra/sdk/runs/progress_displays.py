"""What users see while they wait for a run: a bar in terminals and notebooks, else lines.

All of it goes to standard error, or to the notebook's cell. A bar is drawn by a thread of its own,
so that a slow terminal holds up nobody who waits.
"""

import importlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol, Self

from orquestra.sdk.displays import progress_html
from orquestra.sdk.schema import api

NOTEBOOK_PAUSE = timedelta(milliseconds=200)

_only_bar = threading.Lock()
"""Two threads may wait at the same time; a terminal has room for one bar."""


class Display(Protocol):
    """Shows how far a run is."""

    def show(self, progress: api.RunProgress, *, now: bool) -> None:
        """Show the progress; where that would be too often, only what is to be seen `now`."""
        ...

    def tell(self, line: str) -> None:
        """Say something, unless it was said last."""
        ...


@contextmanager
def opened(run_id: str, *, pause: timedelta, verbose: bool) -> Iterator[Display]:
    """The display that suits the place; `pause` is the least time between two lines."""
    if not verbose:
        yield Silence()
    elif _is_notebook():
        yield NotebookBar(run_id)
    elif _is_terminal() and _only_bar.acquire(blocking=False):
        try:
            with TerminalBar(run_id) as bar:
                yield bar
        finally:
            _only_bar.release()
    else:
        yield Lines(run_id, pause=pause)


class Silence:
    """Shows nothing."""

    def show(self, progress: api.RunProgress, *, now: bool) -> None:
        """Do nothing."""

    def tell(self, line: str) -> None:
        """Do nothing."""


class Lines:
    """A line where something has changed. What is left out comes later, as engines repeat it."""

    def __init__(self, run_id: str, *, pause: timedelta) -> None:
        self._run_id = run_id
        self._pause = pause.total_seconds()
        self._last_line = ""
        self._shown_at = float("-inf")

    def show(self, progress: api.RunProgress, *, now: bool) -> None:
        """Write the progress, unless that was done just before."""
        moment = time.monotonic()
        if now or moment - self._shown_at >= self._pause:
            self.tell(in_words(self._run_id, progress))
            self._shown_at = moment

    def tell(self, line: str) -> None:
        """Write a line, unless it was the last."""
        if line != self._last_line:
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - the user's terminal
            self._last_line = line


class TerminalBar:
    """A bar at the end of a terminal, as long as this is entered."""

    def __init__(self, run_id: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        self._run_id = run_id
        self._last_line = ""
        self._console = Console(stderr=True)
        words = TextColumn("{task.description}", markup=False)
        self._bar = Progress(
            words,
            BarColumn(),
            MofNCompleteColumn(),
            Elapsed(),
            console=self._console,
            # Else the bar would take away what the program writes to a file or a pipe.
            redirect_stdout=_is_one_terminal(sys.stdout, sys.stderr),
        )
        self._task = self._bar.add_task(run_id, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def show(self, progress: api.RunProgress, *, now: bool) -> None:
        """Move the bar; above it goes the message of a run that has ended."""
        self._bar.update(
            self._task,
            description=f"{self._run_id} is {progress.state.value}",
            completed=progress.completed_tasks,
            total=progress.total_tasks,
        )
        if now and progress.message:
            self.tell(in_words(self._run_id, progress))

    def tell(self, line: str) -> None:
        """Write a line above the bar, unless it was the last."""
        if line != self._last_line:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            self._last_line = line


class NotebookBar:
    """A bar in the cell of a notebook."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._cell: Any = None
        self._lines = Lines(run_id, pause=NOTEBOOK_PAUSE)
        self._shown_at = float("-inf")
        self._display: Any = importlib.import_module("IPython.display")

    def show(self, progress: api.RunProgress, *, now: bool) -> None:
        """Draw the bar anew, unless that was done just before."""
        moment = time.monotonic()
        if not now and moment - self._shown_at < NOTEBOOK_PAUSE.total_seconds():
            return
        self._shown_at = moment
        html = self._display.HTML(progress_html(self._run_id, progress))
        if self._cell is None:
            self._cell = self._display.display(html, display_id=True)
        else:
            self._cell.update(html)

    def tell(self, line: str) -> None:
        """Write a line below the bar, unless it was the last."""
        self._lines.tell(line)


def in_words(run_id: str, progress: api.RunProgress) -> str:
    """How far a run is, as a line."""
    message = f": {progress.message}" if progress.message else ""
    return (
        f"{run_id} is {progress.state.value}, "
        f"{progress.completed_tasks} of {progress.total_tasks} tasks done{message}"
    )


def _is_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _is_one_terminal(*streams: Any) -> bool:
    try:
        return len({os.ttyname(stream.fileno()) for stream in streams}) == 1
    except (AttributeError, OSError, ValueError):  # none at all, not a terminal, no file or closed
        return False


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
