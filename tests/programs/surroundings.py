"""Programs about what tasks find around them, and about what they write."""

import os
import sys

from orquestra import sdk
from tests.programs import shapes


@sdk.task(env_vars={"PROGRAM_MODE": "fast"})
def mode():
    return os.environ.get("PROGRAM_MODE", "unset")


@sdk.task
def mode_of_the_process():
    return os.environ.get("PROGRAM_MODE", "unset")


@sdk.task
def whoami(_before=None):
    """What of the ids is the same on all runtimes."""
    run_id, invocation_id, task_run_id = sdk.current_run_ids()
    return _name(invocation_id), run_id in task_run_id, invocation_id in task_run_id


@sdk.task
def who_runs(_index):
    return _name(sdk.current_run_ids().task_run_id)


def _name(task_id):
    return task_id.partition("-task-")[2]


@sdk.task
def talkative(word):
    print("out:", word)
    print(" indented\n\nafter a gap", end="")
    sys.stderr.writelines([f"err: {word}\n", "no end of line"])
    return len(word)


@sdk.task
def silent():
    pass


@sdk.task
def rectangle(width, height):
    return shapes.area(width, height)


@sdk.workflow
def variables_belong_to_their_task():
    return mode(), mode_of_the_process(), mode().with_env_variables({"PROGRAM_MODE": "slow"})


@sdk.workflow
def tasks_know_who_they_are():
    first = whoami()
    return first, whoami(first), sdk.map(who_runs, [0, 0])


@sdk.workflow
def tasks_that_write():
    return talkative("hello"), talkative("größer ☃"), silent()


@sdk.workflow
def a_local_module():
    return rectangle(2, 1.5), sdk.map(rectangle, [1, 2], [3, 4])
