import functools
import math
import os.path
import warnings
from math import sqrt

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import NotATaskWarning


@sdk.task
def task(*args):
    return args


@sdk.workflow
def other_workflow():
    return task()


def helper(*args):
    return args


class Model:
    @staticmethod
    def size():
        return 1

    def fit(self):
        return 1


model = Model()
partial = functools.partial(helper)


def calls_functions():
    helper(1)
    value = helper(2)
    return task(value)


def calls_attributes():
    os.path.normpath("a")
    return task(), math.sqrt(4), sqrt(4)


def calls_classes():
    return task(), Model.size(), Model()


def calls_in_other_statements():
    found = [helper(each) for each in range(helper(1)[0])]
    made = lambda: helper(found)  # noqa: E731 - a lambda is the point
    if sqrt(4):
        return task(made)
    return task()


def calls_another_workflow():
    other_workflow()
    return task()


def calls_what_has_no_name():
    partial()
    return task()


def calls_in_a_chain():
    helper(1).index(1)
    return task().with_resources(cpu="1")


@pytest.mark.parametrize(
    ("workflow", "names"),
    [
        (calls_functions, "helper, helper"),
        (calls_attributes, "os.path.normpath, math.sqrt, sqrt"),
        (calls_classes, "Model.size, Model"),
        (calls_in_other_statements, "helper, helper, sqrt"),
        (calls_another_workflow, "other_workflow"),
        # A callable without `__name__` made release 1.1 fail.
        (calls_what_has_no_name, "partial"),
        (calls_in_a_chain, "helper"),
    ],
)
def test_what_is_no_task_is_named_in_one_warning(workflow, names):
    template = sdk.workflow(workflow)

    with pytest.warns(NotATaskWarning) as warned:
        template()

    assert len(warned) == 1
    assert sorted(_names(warned[0])) == sorted(names.split(", "))
    assert warned[0].filename == __file__


def _names(warning):
    return str(warning.message).partition("no task: ")[2].partition(". Such")[0].split(", ")


def calls_tasks_and_the_sdk():
    secret = sdk.Secret("name")
    resources = sdk.Resources(cpu="1")
    results = sdk.map(task, [1, 2])
    return task(secret, results).with_resources(cpu=resources.cpu)


def calls_arguments_and_locals(function=helper):
    def local():
        return 1

    found = []
    found.append(function(local()))
    print(len(found))
    model.fit()
    helper = local
    helper()
    return task(sqrt(4), missing())  # noqa: F821 - a name that is nowhere


@pytest.mark.parametrize(
    "workflow",
    [calls_tasks_and_the_sdk, calls_arguments_and_locals, eval("lambda: helper()")],
    ids=["sdk", "locals", "without source"],
)
def test_what_may_be_meant_is_not_named(workflow):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sdk.workflow(workflow)()


def test_decorating_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sdk.workflow(calls_functions)
