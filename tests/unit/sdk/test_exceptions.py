import inspect
import pickle
import re

import pytest

from orquestra.sdk import exceptions
from orquestra.sdk.schema.workflow_run import State

OWN_ERRORS = [
    item
    for item in vars(exceptions).values()
    if inspect.isclass(item)
    and issubclass(item, Exception)
    and item.__module__ == exceptions.__name__
]

SAMPLE_ARGUMENTS = {
    "msg": "what happened",
    "message": "what happened",
    "invocation_id": "invocation-0-task-f",
    "wf_run_id": "wf-1",
    "task_inv_id": "invocation-0-task-f",
    "state": State.FAILED,
    "uri": "http://engine",
    "task_name": "f",
}


def drawn_edges():
    """Pairs of (parent, child) in the drawing of the module's docstring."""
    path, edges = {}, set()
    for line in exceptions.__doc__.splitlines():
        if match := re.match(r"    (?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)(?:  .*)?$", line):
            depth = len(match["branch"]) // 4
            path[depth] = match["name"]
            if depth:
                edges.add((path[depth - 1], match["name"]))
    return edges


def test_the_drawn_tree_is_the_tree_of_classes():
    edges = {(error.__bases__[0].__name__, error.__name__) for error in OWN_ERRORS}

    assert drawn_edges() == edges | {("Exception", "Warning")}


@pytest.mark.parametrize("error_class", OWN_ERRORS, ids=lambda error: error.__name__)
def test_every_error_survives_pickling(error_class):
    parameters = [
        p for p in inspect.signature(error_class.__init__).parameters if p in SAMPLE_ARGUMENTS
    ]
    error = error_class(*(SAMPLE_ARGUMENTS[p] for p in parameters))

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is error_class
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_a_runtime_error_without_a_message_has_none():
    error = exceptions.BaseRuntimeError()

    assert error.message is None


def test_all_errors_have_one_root():
    errors = [error for error in OWN_ERRORS if not issubclass(error, Warning)]

    assert all(issubclass(error, exceptions.OrquestraError) for error in errors)
