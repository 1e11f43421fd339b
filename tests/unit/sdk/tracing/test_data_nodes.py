"""Lists, tuples and dictionaries that hold results and secrets, and secrets themselves."""

import gc
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.schema import ir
from orquestra.sdk.tracing import snapshots
from orquestra.sdk.values import deserialize, from_wire

Pair = namedtuple("Pair", "left right")  # noqa: PYI024 - what users write


@dataclass
class Holder:
    value: object


@sdk.task
def one(*args, **kwargs):
    return args


@sdk.task
def two():
    return 1, 2


def model_of(make_outputs):
    def build():
        return make_outputs()

    return sdk.workflow(build).model


def arguments_of(model):
    """The arguments of the first call, with the ids of results and names of secrets in them."""
    call = next(iter(model.task_invocations.values()))
    return [_read(model, each) for each in call.args_ids]


def _read(model, node_id):
    if node_id in model.artifact_nodes:
        return node_id
    if node_id in model.secret_nodes:
        return f"secret {model.secret_nodes[node_id].secret_name}"
    if node_id in model.constant_nodes:
        return deserialize(from_wire(model.constant_nodes[node_id]))
    node = model.collection_nodes[node_id]
    items = [_read(model, each) for each in node.items]
    if node.type is ir.CollectionType.DICT:
        return dict(zip((_read(model, each) for each in node.keys), items, strict=True))
    return tuple(items) if node.type is ir.CollectionType.TUPLE else items


RESULT = "artifact-1-one"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda f: [f], [RESULT]),
        (lambda f: (f, 1), (RESULT, 1)),
        (lambda f: {"a": f, 2: 3, (4, "x"): None}, {"a": RESULT, 2: 3, (4, "x"): None}),
        (lambda f: [1, [2, [{"deep": (f,)}]]], [1, [2, [{"deep": (RESULT,)}]]]),
        (lambda f: [f, [1, 2], {"x": {3}}], [RESULT, [1, 2], {"x": {3}}]),
        (lambda f: [f, Pair(1, 2), Holder(3)], [RESULT, Pair(1, 2), Holder(3)]),
        (lambda f: [f, f], [RESULT, RESULT]),
        (lambda f: [f, [], (), {}], [RESULT, [], (), {}]),
        (lambda _: [sdk.Secret("s"), 1], ["secret s", 1]),
        (lambda _: {"user": "me", "key": sdk.Secret("s")}, {"user": "me", "key": "secret s"}),
    ],
)
def test_results_and_secrets_may_be_inside_of_lists_tuples_and_dictionaries(make, expected):
    model = model_of(lambda: [one(make(one())), one(0)][:1])

    assert arguments_of(model) == [expected]
    assert ir.WorkflowDef.model_validate_json(model.model_dump_json()) == model


def test_outputs_may_be_inside_too():
    def outputs():
        first, second = two()
        return one([second, first])

    assert arguments_of(model_of(outputs)) == [["artifact-2-two", "artifact-1-two"]]


def test_what_holds_no_result_stays_one_constant():
    model = model_of(lambda: one([1, [2, (3,)], {"a": [4]}]))

    assert len(model.constant_nodes) == 1
    assert model.collection_nodes == {}
    assert "collection_nodes" not in model.model_dump()


def test_known_elements_are_one_constant_each():
    model = model_of(lambda: one([one(), [1, 2], [3, 4], "x"]))

    assert sorted(node.value for node in model.constant_nodes.values()) == [
        '"x"',
        "[1, 2]",
        "[3, 4]",
    ]


def test_a_call_keeps_what_its_containers_held():
    def outputs():
        results = [one(1)]
        first = one(results)
        results.append(one(2))
        return one(results), first

    model = model_of(outputs)

    sizes = [len(node.items) for node in model.collection_nodes.values()]
    assert sorted(sizes) == [1, 2]


def test_a_container_given_to_several_calls_is_one_node():
    results = [one(1), [one(2), {"x": 1}]]

    model = model_of(lambda: [one(results), one(results), one(list(results))])

    calls = [each.args_ids for each in model.task_invocations.values()]
    copied, shared, also_shared = (each for each in calls if each[0] in model.collection_nodes)
    assert shared == also_shared != copied
    assert len(model.collection_nodes) == 3  # the two lists, and the copy of the outer one


@pytest.mark.parametrize("double", [lambda x: [x, x], lambda x: (x, x), lambda x: {1: x, 2: x}])
def test_shared_containers_are_looked_at_once(double):
    def outputs():
        found = one()
        for _ in range(60):
            found = double(found)
        return one(found)

    assert len(model_of(outputs).collection_nodes) == 60


def nested(value, *, levels):
    for _ in range(levels):
        value = [value]
    return value


def test_containers_with_results_may_lie_in_each_other_a_hundred_times():
    assert len(model_of(lambda: one(nested(one(), levels=100))).collection_nodes) == 100
    for levels in (101, 400, 5_000):
        with pytest.raises(
            WorkflowSyntaxError, match=r"(?s)test_data_nodes\.py.*a list that is nested too deeply"
        ):
            model_of(lambda levels=levels: one(nested(one(), levels=levels)))


def test_containers_that_no_call_has_any_more_are_forgotten():
    gc.collect()
    before = len(snapshots._collections)

    model_of(lambda: one([one()]))
    gc.collect()

    assert len(snapshots._collections) == before


def test_what_is_inside_runs_and_is_numbered_like_other_arguments():
    model = model_of(lambda: one([one("a"), one("b")], one("c")))

    previews = [
        model.constant_nodes[each.args_ids[0]].value_preview
        for each in [*model.task_invocations.values()][1:]
    ]
    assert previews == ["'c'", "'b'", "'a'"]


def test_many_results_in_one_list_are_one_argument():
    model = model_of(lambda: one([one(n) for n in range(1_000)]))

    (collection,) = model.collection_nodes.values()
    assert len(collection.items) == 1_000
    call = model.task_invocations["invocation-0-task-one"]
    assert [*model.leaves(call.args_ids)] == collection.items


def cyclic(future):
    found = [future]
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda f: {f}, "set"),
        (lambda f: {f: 1}, "dict"),
        (lambda f: {(1, f): 1}, "dict"),
        (lambda f: {"a": two(), f: 1}, "dict"),
        (lambda f: Pair(f, 1), "Pair"),
        (lambda f: OrderedDict(a=f), "OrderedDict"),
        (lambda f: defaultdict(list, a=f), "defaultdict"),
        (Holder, "Holder"),
        (lambda f: [f, {f}], "set"),
        (lambda f: [Holder(f)], "list"),
        (lambda f: lambda: f, "function"),
        (cyclic, "list"),
    ],
)
def test_other_containers_are_refused_with_the_way_out(make, kind):
    with pytest.raises(
        WorkflowSyntaxError,
        match=rf"(?s)test_data_nodes\.py:\d+: .*\nAn argument of task `one` is an? {kind} that "
        "holds the result of task `two`.*in a list, a tuple or the values of a dictionary.*"
        r"plain ones, as list\(\.\.\.\), tuple\(\.\.\.\) and dict\(\.\.\.\) make them",
    ):
        model_of(lambda: one(make(two())))


@pytest.mark.parametrize(
    "make",
    [
        lambda secret: {secret},
        lambda secret: {secret: 1},
        lambda secret: Pair(secret, 1),
        lambda secret: [one(), {secret}],
    ],
)
def test_a_secret_in_other_containers_is_refused_too(make):
    with pytest.raises(
        WorkflowSyntaxError, match=r"(?s)test_data_nodes\.py.*holds the secret 'token'.*a list"
    ):
        model_of(lambda: one(make(sdk.Secret("token"))))


def test_secrets_are_nodes_with_the_numbers_of_release_1_1():
    first, second, third = (sdk.Secret(name) for name in "abc")

    model = model_of(lambda: one(first, second, first, sdk.Secret("a"), third, second))

    # These are the ids that release 1.1 gives.
    assert [*model.secret_nodes] == ["secret-4", "secret-1", "secret-5"]
    (call,) = model.task_invocations.values()
    assert call.args_ids == [f"secret-{number}" for number in (5, 4, 5, 5, 1, 4)]


def test_secrets_can_be_keywords_and_outputs():
    secret = sdk.Secret("name", config_name="config", workspace_id="workspace")

    model = model_of(lambda: [one(key=secret), secret])

    (node,) = model.secret_nodes.values()
    assert node == ir.SecretNode(
        id="secret-0", secret_name="name", secret_config="config", workspace_id="workspace"
    )
    (call,) = model.task_invocations.values()
    assert call.kwargs_ids == {"key": node.id}
    assert model.output_ids[1] == node.id
