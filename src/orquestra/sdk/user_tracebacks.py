"""Tracebacks as users want them: without the frames of ours that called their code."""

import traceback
from types import TracebackType

from orquestra.sdk.code import functions


def traceback_text(error: BaseException, *, runtime: str) -> str:
    """The traceback of an exception, as Python shows it; `runtime` as for `user_frames`."""
    frames = user_frames(error.__traceback__, runtime=runtime)
    return "".join(traceback.format_exception(error.with_traceback(frames)))


def user_frames(frames: TracebackType | None, *, runtime: str) -> TracebackType | None:
    """The frames of a traceback without ours at its beginning.

    `runtime` is the folder of the package that has called the user's code.
    """
    rest = frames
    while rest and rest.tb_frame.f_code.co_filename.startswith((runtime, functions.__file__)):
        rest = rest.tb_next
    return rest or frames
