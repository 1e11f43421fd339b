import collections
import contextlib
import json
import math
import operator

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import FutureOperationError, WorkflowSyntaxError
from orquestra.sdk.tracing.future_operations import REFUSED


@sdk.task
def single(x=None):
    return x


@sdk.task
def pair():
    return 1, 2


def branch(future):
    return 1 if future else 2


def loop(future):
    while future:
        pass


def set_item(future):
    future[0] = 1


def delete_item(future):
    del future[0]


def set_attribute(future):
    future.name = "x"


def delete_attribute(future):
    del future.invocation


def add_in_place(future):
    future += 1


def increase_a_number(future):
    number = 1
    number += future


CONDITION = "is used as a condition"
CALCULATION = "is used in a calculation"
NUMBER = "is made a number"
CHANGED = "is changed"

BINARY = (
    *(operator.add, operator.sub, operator.mul, operator.matmul, operator.truediv),
    *(operator.floordiv, operator.mod, divmod, pow, operator.lshift, operator.rshift),
    *(operator.and_, operator.xor, operator.or_),
)

WHATEVER_THE_OUTPUT = [
    (branch, CONDITION),
    (loop, CONDITION),
    (bool, CONDITION),
    (operator.not_, CONDITION),
    (lambda f: f and 1, CONDITION),
    (lambda f: f or 1, CONDITION),
    (lambda f: any([f]), CONDITION),
    (lambda f: f == 1, "is compared with a value of the type int"),
    (lambda f: f != "a", "is compared with a value of the type str"),
    (lambda f: f in [1, 2], "is compared with a value of the type int"),
    (lambda f: f < 1, "is compared"),
    (lambda f: f <= 1, "is compared"),
    (lambda f: operator.lt(1, f), "is compared"),
    (lambda f: f >= f, "is compared"),  # noqa: PLR0124 - the point
    (lambda f: max(f, 1), "is compared"),
    (lambda f: 1 in f, "is searched with `in`"),
    (lambda f: None in f, "is searched with `in`"),
    (lambda f: f(), "is called"),
    (lambda f: f(1, x=2), "is called"),
    (set_item, CHANGED),
    (delete_item, CHANGED),
    (set_attribute, CHANGED),
    (delete_attribute, CHANGED),
    (int, NUMBER),
    (float, NUMBER),
    (complex, NUMBER),
    (round, NUMBER),
    (lambda f: round(f, 2), NUMBER),
    (range, NUMBER),
    (operator.index, NUMBER),
    (math.sqrt, NUMBER),
    (lambda f: [1, 2][f], NUMBER),
    (lambda f: -f, CALCULATION),
    (lambda f: +f, CALCULATION),
    (lambda f: ~f, CALCULATION),
    (abs, CALCULATION),
    (add_in_place, CALCULATION),
    (increase_a_number, CALCULATION),
    (lambda f: sum([f, f]), CALCULATION),
    *[(lambda f, calculate=each: calculate(f, 2), CALCULATION) for each in BINARY],
    *[(lambda f, calculate=each: calculate(2, f), CALCULATION) for each in BINARY],
]

UNSIZED = [
    (len, "is asked for its length"),
    (list, "is iterated or unpacked"),
    (sorted, "is iterated or unpacked"),
    (reversed, "is asked for its length"),
    (lambda f: [*f], "is iterated or unpacked"),
    (lambda f: dict(enumerate(f)), "is iterated or unpacked"),
    (lambda f: f[0], "is indexed"),
    (lambda f: f["key"], "is indexed"),
    (lambda f: f[1:], "is indexed"),
]


@pytest.mark.parametrize("kind", [list, collections.deque])
def test_a_list_can_be_extended_by_the_outputs_of_a_task(kind):
    outputs, extended = pair(), kind([1])

    extended += outputs

    assert [future.output_index for future in [*extended][1:]] == [0, 1]


def test_a_list_cannot_be_extended_by_one_value():
    results = []

    with pytest.raises(FutureOperationError, match="is used in a calculation"):
        results += single()


@pytest.mark.parametrize("text_of", [str, repr, format, lambda f: f"{f}", "{}".format])
def test_a_future_can_be_printed_as_in_release_1_1(text_of):
    assert text_of(pair()[1]) == "<future result of task pair[1]>"


@pytest.mark.parametrize("make", [single, pair, lambda: pair()[0]], ids=["one", "two", "element"])
@pytest.mark.parametrize(("use", "what"), WHATEVER_THE_OUTPUT)
def test_what_needs_the_value_is_refused_with_the_line_and_the_way_out(make, use, what):
    future = make()

    with pytest.raises(
        FutureOperationError,
        match=rf"(?s)test_future_operations\.py:\d+: .*`(single|pair)` {what}.* task",
    ):
        use(future)


@pytest.mark.parametrize(
    ("make", "cure"),
    [
        (single, r"Say n_outputs=\.\.\. in the task's decorator.*sdk\.map"),
        (lambda: pair()[0], "Take it apart in a task"),
        (lambda: sdk.map(single, [1, 2]), "Pass it to a task, or to `sdk.map`"),
    ],
    ids=["one value", "one output", "a map"],
)
@pytest.mark.parametrize(("use", "what"), UNSIZED)
def test_one_value_cannot_be_taken_apart(make, cure, use, what):
    future = make()

    with pytest.raises(
        FutureOperationError, match=rf"(?s)test_future_operations\.py:\d+: .* {what}.*{cure}"
    ):
        use(future)


def test_these_errors_are_what_python_raises_and_what_the_sdk_raises():
    assert issubclass(FutureOperationError, TypeError)
    assert issubclass(FutureOperationError, WorkflowSyntaxError)


def test_a_sized_future_has_a_length_and_an_order():
    assert len(pair()) == 2
    assert [each.output_index for each in reversed(pair())] == [1, 0]


@pytest.mark.parametrize("index", [slice(0, 1), "k", 0.0, None])
def test_outputs_are_chosen_by_whole_numbers(index):
    with pytest.raises(FutureOperationError, match="chosen by whole numbers"):
        pair()[index]


def test_attributes_are_missing_with_an_explanation():
    with pytest.raises(
        AttributeError, match=r"(?s)test_future_operations\.py:\d+: .*no attribute `mean`.*task"
    ) as raised:
        single().mean()

    assert raised.value.name == "mean"
    assert not hasattr(single(), "shape")


def test_a_future_is_no_json():
    with pytest.raises(TypeError):
        json.dumps(single())


def test_numpy_calculates_nothing_with_a_future():
    numpy = pytest.importorskip("numpy")

    for calculate in (lambda f: numpy.ones(2) + f, lambda f: f * numpy.ones(2)):
        with pytest.raises(FutureOperationError, match=CALCULATION):
            calculate(single())


def test_the_table_above_has_all_operations():
    used = set()

    class Spy:
        pass

    for name in REFUSED:
        setattr(Spy, name, lambda *_operands, name=name, **_named: used.add(name) or 1)
    for use, _ in WHATEVER_THE_OUTPUT:
        if use is not loop:  # it would never end
            with contextlib.suppress(TypeError):
                use(Spy())
    assert used == {*REFUSED}
