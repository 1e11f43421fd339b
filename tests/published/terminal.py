"""A terminal with a user before it, who answers what the published client asks."""

import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path

_SIZE = {"COLUMNS": "160", "LINES": "50", "TERM": "xterm"}
_LIMIT = 60
_LOOK = 0.01
_CHUNK = 65536
_CONTROL = re.compile(r"\x1b\[[0-9;?>]*[a-zA-Z]|\x1bP.*?\x1b\\|\x1b[()=>78].?|\r", re.DOTALL)
_WHERE, _HERE = "\x1b[6n", b"\x1b[1;1R"
"""The question where the cursor is, which every terminal answers, and the answer."""

ENTER = "\r"
DOWN = "\x1b[B"


def converse(
    command: Sequence[str],
    answers: Sequence[tuple[str, str]],
    *,
    environment: dict[str, str],
    folder: Path,
) -> tuple[int, str]:
    """Run a command in a terminal; its exit code, and all that stood there.

    An answer is a text to wait for, and the keys that are pressed then.
    """
    terminal, program = pty.openpty()
    try:
        process = subprocess.Popen(
            command,
            stdin=program,
            stdout=program,
            stderr=program,
            cwd=folder,
            env={**environment, **_SIZE},
            start_new_session=True,
        )
        os.close(program)
        try:
            shown = _answered(terminal, answers)
            return process.wait(_LIMIT), shown
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(terminal)


def _answered(terminal: int, answers: Sequence[tuple[str, str]]) -> str:
    left = list(answers)
    shown, seen = "", 0
    end = time.monotonic() + _LIMIT
    while True:
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
        assert ready, f"{left} is left to answer of:\n{shown}"
        try:
            read = os.read(terminal, _CHUNK)
        except OSError:  # the other side has gone
            read = b""
        if not read:
            assert not left, f"{left} was not asked in:\n{shown}"
            return shown
        text = read.decode(errors="replace")
        if _WHERE in text:
            os.write(terminal, _HERE * text.count(_WHERE))
        shown += _CONTROL.sub("", text)
        if left and left[0][0] in shown[seen:]:
            seen = len(shown)
            _press(terminal, left.pop(0)[1])


def _press(terminal: int, keys: str) -> None:
    """Press keys once they are read one by one: a line that is typed ahead would be thrown away."""
    end = time.monotonic() + _LIMIT
    while termios.tcgetattr(terminal)[3] & termios.ICANON:
        assert time.monotonic() < end, "no key was waited for"
        time.sleep(_LOOK)
    os.write(terminal, keys.encode())
