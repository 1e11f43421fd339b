"""Where in the user's own code something happened."""

import sysconfig
import traceback
from pathlib import Path

_SHOWN_FRAMES = 5
_ORQUESTRA = Path(__file__).parents[2]
_INSTALLED = tuple(
    Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")
)


def user_frames(error: BaseException) -> list[str]:
    """The last frames in the user's files, a line each; none where all are of installed code."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_the_users(frame.filename)]
    return [
        f"  at {frame.filename}:{frame.lineno} in {frame.name}" for frame in own[-_SHOWN_FRAMES:]
    ]


def _is_the_users(filename: str) -> bool:
    if filename.startswith("<"):  # Python's frozen modules, such as its import machinery
        return False
    path = Path(filename).resolve()
    return not any(path.is_relative_to(folder) for folder in (_ORQUESTRA, *_INSTALLED))
