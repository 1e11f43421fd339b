"""Where in the user's program something was called or written, for errors and warnings."""

import linecache
import sys
import warnings
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple

_SDK = "orquestra.sdk"
_OTHER_PACKAGES = frozenset({"orquestra.cli", "orquestra.engine", "orquestra.executor"})


class CallSite(NamedTuple):
    """A line of a file."""

    path: str
    line: int

    def __str__(self) -> str:
        """The line with its place, like `app.py:7: x = f()`."""
        source = linecache.getline(self.path, self.line).strip()
        place = f"{self.path}:{self.line}"
        return f"{place}: {source}" if source else place


def user_call_site() -> CallSite | None:
    """The innermost running line outside the SDK; None where that is no line of the user.

    It is cheap enough for every task call: no source is read before the place is shown.
    """
    frame = user_frame()
    return None if frame is None else CallSite(frame.f_code.co_filename, frame.f_lineno)


def user_frame() -> FrameType | None:
    """The innermost running frame outside the SDK; None where that is no frame of the user."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect's way reads whole files
    while frame is not None and _package(frame) == _SDK:
        frame = frame.f_back
    return None if frame is None or _package(frame) in _OTHER_PACKAGES else frame


def definition_site(fn: Callable[..., Any]) -> CallSite | None:
    """Where a function is written; None for what is not written in Python."""
    code: CodeType | None = getattr(fn, "__code__", None)
    return None if code is None else CallSite(code.co_filename, code.co_firstlineno)


def located(text: str, *, at: CallSite | None) -> str:
    """A message under the line that it is about."""
    return text if at is None else f"{at}\n{text}"


def warn_user(message: str | Warning, category: type[Warning] = UserWarning) -> None:
    """Warn, for the innermost running line outside the SDK."""
    depth = 2
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the same frames as above
    while frame is not None and _package(frame) == _SDK:
        frame = frame.f_back
        depth += 1
    warnings.warn(message, category, stacklevel=depth)


def _package(frame: FrameType) -> str:
    return _package_of(str(frame.f_globals.get("__name__")))


@lru_cache(maxsize=1024)
def _package_of(module: str) -> str:
    # Other distributions have modules in this namespace too; those are the user's.
    return ".".join(module.split(".", 2)[:2])
