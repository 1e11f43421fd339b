"""Two workflows that need nothing but the SDK."""

import logging

from orquestra import sdk


@sdk.task(n_outputs=1)
def hello(n: int) -> str:
    """Greet, and say the how manieth time it is."""
    print(f"Hello for the {n}. time")  # noqa: T201 - to be seen in the logs of the task
    return "Hello"


@sdk.task(n_outputs=1)
def do_something_useful() -> int:
    """Log at three levels, to see what becomes of them, and give a number."""
    logger = logging.getLogger(__name__)
    logger.info("this is information")
    logger.warning("this is a warning")
    logger.error("this is an error")
    return 42


@sdk.workflow
def hello_orquestra() -> list[sdk.ArtifactFuture[str]]:
    """Greet three times."""
    return [hello(n) for n in range(3)]


@sdk.workflow
def hello_workflow() -> list[sdk.ArtifactFuture[int]]:
    """Do something useful once."""
    return [do_something_useful()]
