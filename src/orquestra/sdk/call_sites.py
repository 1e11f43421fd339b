"""Where in the user's program something was called, for error messages."""

import linecache
import sys
from types import FrameType

_OWN_PACKAGE = "orquestra.sdk."


def user_call_site() -> str:
    """The innermost line of the running program outside this package, like `app.py:7: x = f()`."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect's way reads whole files
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    if frame is None:
        return "<unknown place>"
    path, line = frame.f_code.co_filename, frame.f_lineno
    return f"{path}:{line}: {linecache.getline(path, line).strip()}".rstrip(": ")


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(_OWN_PACKAGE)
