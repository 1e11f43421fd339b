"""What several tests of runs in process take."""

from orquestra import sdk


@sdk.task
def same(value):
    return value


@sdk.task
def boom(message):
    raise KeyError(message)


def newest():
    return sdk.list_workflow_runs("in_process")[0]
