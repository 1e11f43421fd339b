"""Programs with tries, timeouts and results that are used again."""

import tempfile
from pathlib import Path

from orquestra import sdk


@sdk.task(retries=sdk.RetryPolicy(max_retries=2, delay=0.01))
def third_time_lucky():
    """Attempts count themselves in a file of the node, which the last one removes."""
    tries = Path(tempfile.gettempdir(), f"tries-{sdk.current_run_ids().workflow_run_id}")
    with tries.open("a") as file:
        file.write("x")
    count = len(tries.read_text())
    if count < 3:
        raise RuntimeError(f"try {count} is too early")
    tries.unlink()
    return count


@sdk.task(timeout=60)
def quick():
    return "in time"


@sdk.task(cache=True)
def squared(number):
    return number**2


@sdk.workflow
def a_task_that_is_tried_again():
    return third_time_lucky()


@sdk.workflow
def a_task_in_time():
    return quick()


@sdk.workflow
def results_that_may_be_used_again():
    return squared(3), sdk.map(squared, [1, 2, 3])
