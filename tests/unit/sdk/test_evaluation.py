"""The rules by which results are taken apart and arguments are put together."""

from collections import deque

import pytest

from orquestra.sdk import evaluation
from orquestra.sdk.evaluation import ResultProblem
from orquestra.sdk.schema import ir


def output(n, *, subscriptable=True):
    return ir.TaskOutputMetadata(is_subscriptable=subscriptable, n_outputs=n)


@pytest.mark.parametrize(
    ("result", "index", "n_outputs", "part"),
    [
        ((1, 2), None, 2, (1, 2)),
        ((1, 2), 1, 2, 2),
        ([1, 2], 0, 2, 1),
        ((1, 2, 3), 1, 2, 2),
        ((5,), None, 1, (5,)),
        ((5,), 0, 1, 5),
        ([5], 0, 1, 5),
        (5, 0, 1, 5),
        ((5, 6), 0, 1, (5, 6)),
        ("x", 0, 1, "x"),
        ({0: "a", 1: "b"}, 1, 2, "b"),
    ],
)
def test_an_artifact_is_a_result_or_an_element_of_it(result, index, n_outputs, part):
    assert evaluation.part(result, index, output=output(n_outputs), task_name="t") == part


@pytest.mark.parametrize(
    ("result", "found"),
    [((1,), r"1 values \(tuple\)"), (5, r"one value \(int\)"), (None, r"one value \(NoneType\)")],
)
def test_too_few_values_are_told_with_the_numbers(result, found):
    with pytest.raises(ResultProblem, match=f"Task 't' has 2 outputs, but it returned {found}"):
        evaluation.part(result, 1, output=output(2), task_name="t")


def test_a_dry_run_gives_a_text_for_each_output():
    assert evaluation.dry_run_value(output(1, subscriptable=False)) == "dry_run task output"
    assert evaluation.dry_run_value(output(2)) == ("dry_run task output",) * 2


@pytest.mark.parametrize(
    ("kind", "collected"), [("LIST", [1, 2]), ("TUPLE", (1, 2)), ("DICT", {"a": 1, "b": 2})]
)
def test_collections_are_what_the_workflow_wrote(kind, collected):
    keys = ["a", "b"] if kind == "DICT" else []

    assert evaluation.gather(ir.CollectionType(kind), items=[1, 2], keys=keys) == collected


class Array:
    """As those of NumPy."""

    shape = (2,)

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return "ab"[index]

    def __array__(self):
        raise NotImplementedError


class Labelled(Array):
    """As those of pandas: indexed by labels, here the other way round."""

    @property
    def iloc(self):
        return "ba"


class Scalar(Array):
    """As an array of no dimensions."""

    def __len__(self):
        raise TypeError


class Numbered:
    """What has the methods of a sequence may be anything."""

    def __len__(self):
        return 1

    def __getitem__(self, key):
        raise KeyError(key)


@pytest.mark.parametrize(
    ("sequences", "length"),
    [
        ({0: [1, 2]}, 2),
        ({0: (1,), "b": range(1)}, 1),
        ({0: []}, 0),
        ({0: deque([1])}, 1),
        ({0: Array(), 1: Labelled()}, 2),
    ],
)
def test_a_map_is_as_long_as_its_sequences(sequences, length):
    assert evaluation.map_length(sequences, task_name="t") == length


@pytest.mark.parametrize(
    ("sequences", "problem"),
    [
        ({0: [1], "b": [1, 2]}, "its argument 1 has 1, argument 'b' has 2"),
        ({0: "text"}, "its argument 1, which is a str and not a sequence"),
        ({0: {"a": 1}}, "a dict and not"),
        ({0: {1}}, "a set and not"),
        ({0: 5}, "an int and not"),
        ({0: {"a": 1}.keys()}, "a dict_keys and not"),
        ({0: Numbered()}, "a Numbered and not"),
        ({0: Scalar()}, "a Scalar and not"),
    ],
)
def test_what_cannot_be_mapped_over_is_told(sequences, problem):
    with pytest.raises(ResultProblem, match=problem):
        evaluation.map_length(sequences, task_name="t")


@pytest.mark.parametrize(
    ("sequence", "elements"), [(Array(), "ab"), (Labelled(), "ba"), (range(5, 7), [5, 6])]
)
def test_elements_of_a_map_are_told_apart_by_their_position(sequence, elements):
    assert [evaluation.map_element(sequence, k) for k in range(2)] == [*elements]


def test_in_a_dry_run_a_result_that_is_no_sequence_stands_for_one_element():
    dry = evaluation.DRY_RUN_OUTPUT

    assert evaluation.map_length({0: dry, 1: [1, 2]}, task_name="t", dry_run=True) == 2
    assert evaluation.map_length({0: dry}, task_name="t", dry_run=True) == 1
    assert evaluation.map_element(dry, 0) == dry
    assert evaluation.map_element([7, 8], 1) == 8


def test_the_message_of_a_run_names_the_task_once():
    named = evaluation.failure_message("Task 't' broke", task_name="t", invocation_id="i-0")
    unnamed = evaluation.failure_message("ValueError", task_name="t", invocation_id="i-0")

    assert named == "Task 't' broke (i-0)"
    assert unnamed == "Task 't' failed: ValueError (i-0)"


def test_an_exception_whose_text_cannot_be_made_is_one_line_too():
    class Rude(Exception):
        def __str__(self):
            raise RuntimeError

    assert evaluation.one_line(Rude()).startswith("Rude (its text cannot be made")
    assert evaluation.one_line(ValueError("a\nb")) == "ValueError: a"
    assert evaluation.one_line(ValueError()) == "ValueError"
