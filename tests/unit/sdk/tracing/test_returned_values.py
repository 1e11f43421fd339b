from collections import UserList
from collections.abc import Sequence

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowSyntaxError


@sdk.task
def work(x=None):
    return x


@sdk.workflow
def other():
    return work()


class MadeOnAccess(Sequence):
    """Two outputs, each of a new call whenever it is looked at."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError(index)
        return work(index)


def model_of(returned):
    def build():
        return returned()

    return sdk.workflow(build).model


@pytest.mark.parametrize(
    ("returned", "count"),
    [
        (work, 1),
        (lambda: (work(), 1), 2),
        (lambda: [work(), "text"], 2),
        (lambda: [work()], 1),
        (lambda: UserList([work(), work()]), 2),
        (MadeOnAccess, 2),
        (lambda: (work(), sdk.Secret("s")), 2),
        (lambda: [work(), [1, 2], {"a": 1}, None], 4),
    ],
)
def test_a_returned_sequence_is_one_output_for_each_element(returned, count):
    assert len(model_of(returned).output_ids) == count


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        (lambda: None, "nothing. Does it lack a `return`"),
        (lambda: 5, "an int, which is no task result"),
        (lambda: "text", "a str, which is no task result"),
        (list, "a list without any task result"),
        (lambda: {"a": work()}, "a dict. Return a list or a tuple"),
        (lambda: {work()}, "a set. Return a list or a tuple"),
        (lambda: {"a": 1}, "a dict. Return a list or a tuple"),
        (lambda: b"bytes", "a bytes, which is no task result"),
        (lambda: range(3), "a range without any task result"),
        (lambda: sdk.Secret("s"), "a Secret, which is no task result"),
        (lambda: [sdk.Secret("s")], "a list without any task result"),
        (lambda: (work(x) for x in "ab"), r"a generator.*list\(\.\.\.\)"),
        (lambda: map(work, "ab"), r"a map.*list\(\.\.\.\)"),
        (lambda: work, r"the task `work` itself.*`work\(\.\.\.\)`"),
        (lambda: [work], r"the task `work` itself.*`work\(\.\.\.\)`"),
        (other, "another workflow.*plain function"),
        (lambda: other, "another workflow.*plain function"),
    ],
)
def test_what_holds_no_task_result_is_refused_by_what_it_is(returned, problem):
    with pytest.raises(
        WorkflowSyntaxError,
        match=rf"(?s)test_returned_values\.py:\d+: .*\nWorkflow `build` returns {problem}",
    ):
        model_of(returned)


@pytest.mark.parametrize(
    ("returned", "number", "kind"),
    [
        (lambda: [[work()], [work()]], 1, "a list"),
        (lambda: (work(), [work(), 1]), 2, "a list"),
        (lambda: (work(), 1, {"a": (work(),)}), 3, "a dict"),
        (lambda: (work(), [sdk.Secret("s")]), 2, "a list"),
    ],
)
def test_results_inside_of_an_output_are_refused_with_the_way_out(returned, number, kind):
    with pytest.raises(
        WorkflowSyntaxError,
        match=r"(?s)test_returned_values\.py:\d+: .*\n"
        rf"Output {number} of workflow `build` is {kind} that holds results.*side by side.*"
        rf"pass {kind} of them",
    ):
        model_of(returned)
