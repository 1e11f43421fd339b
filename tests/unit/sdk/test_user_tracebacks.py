"""Tracebacks without the frames that have called the user's code."""

import traceback
from pathlib import Path

import pytest

from orquestra.sdk.user_tracebacks import traceback_text, user_frames

CODE = """
def task():
    raise ValueError("no")
"""


def error_of_user():
    namespace = {}
    exec(compile(CODE, "/home/ada/flow.py", "exec"), namespace)
    with pytest.raises(ValueError, match="no") as caught:
        namespace["task"]()
    return caught.value


@pytest.mark.parametrize(
    ("runtime", "files"),
    [
        (str(Path(__file__).parent), ["/home/ada/flow.py"]),
        ("/elsewhere", [__file__, "/home/ada/flow.py"]),
        ("/", [__file__, "/home/ada/flow.py"]),  # better all of them than none
    ],
)
def test_what_a_runtime_has_called_begins_with_the_users_own(runtime, files):
    error = error_of_user()

    frames = traceback.extract_tb(user_frames(error.__traceback__, runtime=runtime))
    text = traceback_text(error, runtime=runtime)

    assert [frame.filename for frame in frames] == files
    assert text.count('  File "') == len(files)
    assert text.endswith("ValueError: no\n")
