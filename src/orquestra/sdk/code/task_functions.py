"""Tasks, as code knows them: objects with a mark that holds the plain function."""

from typing import Any

TASK_BODY = "_TaskDef__sdk_task_body"
"""Where a decorated task keeps its plain function; pickles of release 1.1 have it too."""


def plain_function(value: Any) -> Any:
    """The function of a task; anything else as it is. No code of the user runs for it."""
    try:
        return object.__getattribute__(value, TASK_BODY)
    except AttributeError:
        return value
