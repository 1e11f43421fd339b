"""What tasks write to standard output and standard error: kept as logs, and shown as ever.

While a run executes, `sys.stdout` and `sys.stderr` are streams that pass everything on and keep
what tasks write. Handlers of `logging` that hold the old streams get these for as long. What goes
past Python's streams is shown and not kept: bytes written to `sys.stdout.buffer`, C code,
subprocesses.
"""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from orquestra.sdk.logs import LogOutput

_STREAMS = ("stdout", "stderr")


class TaskOutput:
    """What one task has written so far. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {name: [] for name in _STREAMS}

    def add(self, stream: str, text: str) -> None:
        """Keep a text that was written to "stdout" or "stderr"."""
        self._texts[stream].append(text)

    def lines(self) -> LogOutput:
        """All of it by lines."""
        out, err = (_lines("".join(self._texts[name])) for name in _STREAMS)
        return LogOutput(out=out, err=err)

    def size(self) -> int:
        """How many characters there are."""
        return sum(len(text) for texts in self._texts.values() for text in texts)


def _lines(text: str) -> list[str]:
    """What an engine takes for lines: `splitlines` would cut at form feeds, and others, too."""
    return [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")] if text else []


_current: ContextVar[TaskOutput | None] = ContextVar("task_output", default=None)
_writing: list[TaskOutput] = []
"""The outputs of all tasks that run; a thread that a task has started knows none of its own."""


@contextmanager
def kept_in(output: TaskOutput) -> Iterator[None]:
    """Keep what is written inside, while `capturing`."""
    token = _current.set(output)
    _writing.append(output)
    try:
        yield
    finally:
        _writing.remove(output)
        _current.reset(token)


@contextmanager
def capturing() -> Iterator[None]:
    """Put our streams in place. Runs inside of runs, and beside them, share them."""
    _installation.enter()
    try:
        yield
    finally:
        _installation.leave()


class _Stream:
    """A stream like the one before it, which it passes everything on to."""

    def __init__(self, shown: Any, name: str) -> None:
        self._shown = shown
        self._name = name

    def write(self, text: str) -> int:
        output = _current.get() or (_writing[0] if len(_writing) == 1 else None)
        if output is not None:
            output.add(self._name, text)
        self._shown.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shown, name)


class _Installation:
    """Our streams in place of Python's, as long as anybody needs them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._replaced: list[tuple[str, Any, _Stream]] = []

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            for name in _STREAMS:
                shown = getattr(sys, name)
                if shown is not None:  # a program without a console has none
                    ours = _Stream(shown, name)
                    setattr(sys, name, ours)
                    _redirect_logging(shown, to=ours)
                    self._replaced.append((name, shown, ours))

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            for name, shown, ours in self._replaced:
                if getattr(sys, name) is ours:  # else somebody else has replaced it meanwhile
                    setattr(sys, name, shown)
                _redirect_logging(ours, to=shown)
            self._replaced.clear()


_installation = _Installation()


def _redirect_logging(stream: Any, *, to: Any) -> None:
    for handler in _stream_handlers():
        if handler.stream is stream:
            # Not `setStream`, which flushes a stream that may be closed by now.
            handler.stream = to


def _stream_handlers() -> Iterator["logging.StreamHandler[Any]"]:
    # A copy, since another thread may make loggers meanwhile.
    for logger in [logging.root, *list(logging.root.manager.loggerDict.values())]:
        for handler in logger.handlers if isinstance(logger, logging.Logger) else ():
            if isinstance(handler, logging.StreamHandler):
                yield handler
