import contextlib
import gc
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.tracing import snapshots
from orquestra.sdk.values import deserialize, from_wire
from tests.unit.sdk import user_projects


@sdk.task
def one(*args, **kwargs):
    return args


@sdk.workflow
def whole():
    return one()


@dataclass(frozen=True)
class Point:
    x: float


class Float32:
    """Calls zero and minus zero equal, as the scalars of NumPy do."""

    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return self.number == other.number

    def __hash__(self):
        return hash(self.number)

    def __repr__(self):
        return f"Float32({self.number})"


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class NeverEqual:
    def __eq__(self, other):
        raise RuntimeError("not to be compared")

    __hash__ = object.__hash__


class WithoutText:
    def __repr__(self):
        raise RuntimeError("no text")


def model_of(make_outputs):
    def build():
        return make_outputs()

    return sdk.workflow(build)().model


def arguments_of(model):
    """The arguments of all calls as their tasks will see them, in the order of the calls."""
    values = {i: deserialize(from_wire(node)) for i, node in model.constant_nodes.items()}
    calls = [call.argument_ids() for call in model.task_invocations.values()]
    return [[values[argument] for argument in call] for call in reversed(calls)]


def test_a_call_keeps_what_it_was_given_when_that_changes_later():
    def outputs():
        config, found = {}, []
        for alpha in (0.01, 0.1):
            config["alpha"] = alpha
            found.append(one(config))
        config.clear()
        return found

    model = model_of(outputs)

    assert arguments_of(model) == [[{"alpha": 0.01}], [{"alpha": 0.1}]]
    previews = [node.value_preview for node in model.constant_nodes.values()]
    assert previews == ["{'alpha': 0.", "{'alpha': 0."]


def test_environment_variables_are_kept_as_they_were_too():
    variables = {"A": "1"}
    task = sdk.task(one, env_vars=variables)
    call = one().with_env_variables(variables)
    variables["A"] = "2"

    assert task().invocation.env_vars == {"A": "1"}
    assert call.invocation.env_vars == {"A": "1"}


def test_an_object_that_has_not_changed_is_one_constant_over_all_calls():
    shared = [1]

    model = model_of(lambda: [one(shared), one(shared, [1])])

    first, second = reversed(model.task_invocations.values())
    assert first.args_ids[0] == second.args_ids[0] != second.args_ids[1]


@pytest.mark.parametrize("make", [list, tuple])
def test_a_long_row_of_plain_values_is_read_once_for_many_calls(make, monkeypatch):
    read = []
    monkeypatch.setattr(snapshots, "_value_key", lambda value: read.append(value) or (make, "key"))
    monkeypatch.setattr("orquestra.sdk.values.serialize", lambda value: read.append(value) or b"")
    row = make([1, None, "x", 2.5])

    inputs = snapshots.as_inputs([row, row, row])

    assert len(set(map(id, inputs))) == len(read) == 1


@pytest.mark.parametrize("change", [1.0, True, 2])
def test_a_list_whose_elements_change_is_read_again(change):
    row = [1, 2]

    def outputs():
        first = one(row)
        row[0] = change
        return first, one(row)

    first, second = (sent for ((sent, _),) in arguments_of(model_of(outputs)))
    assert (type(first), type(second)) == (int, type(change))


def test_a_list_that_grows_is_read_again():
    row = [1]

    def outputs():
        return [one(row), row.append(2) or one(row)]

    assert arguments_of(model_of(outputs)) == [[[1]], [[1, 2]]]


def test_a_tuple_given_to_many_calls_is_the_constant_of_equal_ones_too():
    row = (1, (2, "x"))

    model = model_of(lambda: [one(row), one(row), one((1, (2, "x")))])

    assert len(model.constant_nodes) == 1


def nested(make, *, levels):
    value = 1
    for _ in range(levels):
        value = make([value])
    return value


@pytest.mark.parametrize("make", [list, tuple, lambda items: dict(enumerate(items))])
@pytest.mark.parametrize("levels", [1_000, 5_000])
def test_a_value_that_is_nested_too_deeply_is_refused_in_words(make, levels):
    with pytest.raises(
        WorkflowSyntaxError, match=r"(?s)test_snapshots\.py:\d+.*nested too deeply: more than 100"
    ):
        model_of(lambda: one(nested(make, levels=levels)))


def test_constants_that_no_call_has_any_more_are_forgotten():
    gc.collect()  # what other tests have left
    before = len(snapshots._constants)

    model_of(lambda: one([1], {2}))
    gc.collect()

    assert len(snapshots._constants) == before


def test_equal_plain_values_of_one_type_share_a_node_and_others_do_not():
    values = (1, 1.0, True, 1, (1,), (True,), 0.0, -0.0, "x", "x", None)

    model = model_of(lambda: one(*values))

    (call,) = model.task_invocations.values()
    ids = call.args_ids
    assert ids[0] == ids[3]
    assert ids[8] == ids[9]
    assert len(set(ids)) == len(values) - 2
    assert repr(arguments_of(model)) == repr([list(values)])


@pytest.mark.parametrize(
    "values",
    [
        (Point(1), Point(1.0), Point(x=True)),
        (Decimal("1.0"), Decimal("1.00")),
        (NOON, NOON.astimezone(timezone(timedelta(hours=1)))),
        (Float32(0.0), Float32(-0.0)),
        ((Point(1),), (Point(1.0),)),
        (frozenset({Decimal("1.0")}), frozenset({Decimal("1.00")})),
    ],
    ids=lambda values: type(values[0]).__name__,
)
def test_objects_that_call_each_other_equal_stay_apart(values):
    model = model_of(lambda: one(*values))

    assert repr(arguments_of(model)) == repr([list(values)])


def test_objects_are_not_asked_whether_they_are_equal_nor_need_a_text():
    model = model_of(lambda: one(NeverEqual(), NeverEqual(), WithoutText()))

    assert "<WithoutText"[:12] in {node.value_preview for node in model.constant_nodes.values()}


def test_a_list_that_holds_itself_can_be_sent():
    loop = [1]
    loop.append(loop)

    ((sent,),) = arguments_of(model_of(lambda: one(loop)))

    assert sent[1] is sent


@pytest.fixture
def shapes(tmp_path):
    """A module with classes and a task, and another one with a task that knows the first."""
    files = {
        "shapes.py": (
            "import threading\n"
            "from orquestra import sdk\n"
            "LOCK = threading.Lock()\n"
            "class Point: pass\n"
            "class Locked:\n"
            "    def lock(self):\n"
            "        return LOCK\n"
            "@sdk.task\n"
            "def area(shape): return 0\n"
        ),
        "outlines.py": (
            "import shapes\nfrom orquestra import sdk\n@sdk.task\ndef outline(shape): return 0\n"
        ),
    }
    user_projects.write(tmp_path, files)
    with user_projects.imported(tmp_path, "outlines") as outlines:
        yield outlines.shapes


def readable_without(module, model):
    """Whether the constant of each call can be read without a module, in the order of calls."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, None)
        for call in reversed(model.task_invocations.values()):
            found.append(False)
            with contextlib.suppress(ModuleNotFoundError):
                deserialize(from_wire(model.constant_nodes[call.args_ids[0]]))
                found[-1] = True
    return found


def test_an_object_brings_its_class_where_the_function_of_the_task_does(shapes):
    point, outline = shapes.Point(), sys.modules["outlines"].outline

    model = model_of(
        lambda: [shapes.area(point), outline(point), shapes.area(point), shapes.area([point])]
    )

    assert readable_without(shapes, model) == [True, False, True, True]
    assert len(model.constant_nodes) == 3


def test_an_object_names_its_class_where_the_function_is_named(shapes):
    point, local = shapes.Point(), sdk.LocalImport("outlines")
    named = sdk.task(shapes.area, source_import=local)

    model = model_of(lambda: [shapes.area(shapes.Point()), named(point)])
    by_default = sdk.workflow(lambda: shapes.area(point), default_source_import=local)().model

    assert readable_without(shapes, model) == [True, False]
    assert readable_without(shapes, by_default) == [False]


def test_a_class_that_cannot_be_sent_is_named(shapes):
    model = model_of(lambda: shapes.area(shapes.Locked()))

    assert readable_without(shapes, model) == [False]
    assert type(arguments_of(model)[0][0]) is shapes.Locked


def test_an_object_that_holds_a_secret_is_refused():
    with pytest.raises(
        WorkflowSyntaxError,
        match=r"(?s)test_snapshots\.py:\d+.*is a Point that holds the secret 'token'.*of its own",
    ):
        model_of(lambda: one(Point(sdk.Secret("token"))))


def test_a_value_that_cannot_be_sent_matters_only_where_the_call_does():
    def outputs():
        one(threading.Lock())
        return one()

    assert len(model_of(outputs).task_invocations) == 1


@pytest.mark.parametrize("constant", [one, [one], {"key": (one,)}, {one: 1}])
def test_a_task_that_was_not_called_is_refused(constant):
    with pytest.raises(
        WorkflowSyntaxError, match=r"(?s)test_snapshots\.py:\d+.*Did you mean to call it"
    ):
        model_of(lambda: one(constant))


@pytest.mark.parametrize("constant", [whole, whole(), [whole]])
def test_a_workflow_given_to_a_task_is_refused(constant):
    with pytest.raises(
        WorkflowSyntaxError, match=r"(?s)test_snapshots\.py:\d+.*is a workflow.*plain function"
    ):
        model_of(lambda: one(constant))
