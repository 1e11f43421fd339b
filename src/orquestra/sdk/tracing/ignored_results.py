"""Statements that make something new and drop it, like `f.with_resources(cpu="2")` on its own.

The `with_...` methods leave what they are called on as it is, so such a statement does nothing,
which nobody means. Python compiles it to a call whose result is popped at once; the source then
tells whether the call is that of the method, or of something around it that keeps the result.
"""

import ast
import dis
import linecache
from itertools import islice
from types import CodeType

from orquestra.sdk.call_sites import user_frame, warn_user

_POP_TOP = dis.opmap["POP_TOP"]
_CACHE = 0
"""What stands between an instruction and the next one, any number of times."""
_WIDTH = 2


def warn_if_ignored(*methods: str) -> None:
    """Warn if the running line of the user calls one of these and drops what it gives."""
    frame = user_frame()
    if frame is None or not _is_popped(frame.f_code, frame.f_lasti):
        return
    method = _called_method(frame.f_code, frame.f_lasti)
    if method in methods:
        warn_user(
            f"This `{method}` has no effect: it gives something new and leaves the old one as it "
            f"is. Keep what it gives, like `x = x.{method}(...)`."
        )


def _is_popped(code: CodeType, offset: int) -> bool:
    instructions = code.co_code
    offset += _WIDTH
    while offset < len(instructions) and instructions[offset] == _CACHE:
        offset += _WIDTH
    return offset < len(instructions) and instructions[offset] == _POP_TOP


def _called_method(code: CodeType, offset: int) -> str | None:
    """The name in `....name(...)`, of the instruction's own call; None where it is not known."""
    first, last, start, end = next(islice(code.co_positions(), offset // _WIDTH, None))
    if first is None or last is None or start is None or end is None:
        return None
    lines = [linecache.getline(code.co_filename, number).encode() for number in range(first, last)]
    final = linecache.getline(code.co_filename, last).encode()[:end]
    try:
        called = ast.parse(b"".join([*lines, final])[start:].decode(), mode="eval").body
    except (SyntaxError, ValueError):  # the file has changed
        return None
    match called:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name
        case ast.Call(func=ast.Name(id=name)):  # where a chain stretches over several lines
            return name
    return None
