import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.schema import ir
from orquestra.sdk.values import deserialize, from_wire


@sdk.task(resources=sdk.Resources(cpu="1"), custom_name="fit {alpha:.2f} of {kind}")
def fit(alpha, beta=1, *, kind="plain"):
    return alpha, beta


@sdk.task
def numbers():
    return [1, 2]


@sdk.task
def anything(*args, last=None):
    return args


def model_of(*futures):
    def build():
        return futures

    return sdk.workflow(build).model


def map_in(model):
    (found,) = (each for each in model.task_invocations.values() if each.map_over is not None)
    return found


def value(model, node_id):
    return deserialize(from_wire(model.constant_nodes[node_id]))


def test_a_map_is_one_call_over_its_first_arguments():
    model = model_of(sdk.map(fit, [0.1, 0.2], [3, 4], kind="deep"))

    found = map_in(model)
    assert found.map_over == [0, 1]
    assert [value(model, each) for each in found.args_ids] == [[0.1, 0.2], [3, 4]]
    assert value(model, found.kwargs_ids["kind"]) == "deep"
    assert len(model.constant_nodes) == 3
    assert found.resources == ir.Resources(cpu="1")


def test_the_result_of_a_map_is_one_list_whatever_its_task_returns():
    future = sdk.map(fit, [0.1])
    model = model_of(future)

    assert fit.output.n_outputs == 2
    (artifact,) = model.artifact_nodes.values()
    assert artifact.artifact_index is None
    assert map_in(model).output_ids == [artifact.id] == model.output_ids
    with pytest.raises(TypeError, match=r"(?s)test_mapping\.py:\d+.*mapped task `fit` is indexed"):
        future[0]


@pytest.mark.parametrize(
    "sequence",
    [
        *([0, 1, 2], (0, 1, 2), range(3), (each for each in range(3)), iter([0, 1, 2])),
        *({0: "a", 1: "b", 2: "c"}.keys(), {"a": 0, "b": 1, "c": 2}.values()),
    ],
    ids=["list", "tuple", "range", "generator", "iterator", "keys", "values"],
)
def test_whatever_can_be_iterated_is_one_constant(sequence):
    model = model_of(sdk.map(anything, sequence))

    (node,) = model.constant_nodes
    assert value(model, node) == [0, 1, 2]


def test_pairs_of_a_dictionary_are_in_its_order():
    model = model_of(sdk.map(anything, {"b": 1, "a": 2}.items()))

    assert value(model, *model.constant_nodes) == [("b", 1), ("a", 2)]


def test_a_list_is_kept_as_it_was():
    sequence = [1, 2]
    future = sdk.map(anything, sequence)
    sequence.append(3)

    model = model_of(future)

    assert value(model, *model.constant_nodes) == [1, 2]


def test_an_array_stays_an_array():
    numpy = pytest.importorskip("numpy")

    model = model_of(sdk.map(anything, numpy.eye(2)))

    assert value(model, *model.constant_nodes).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(WorkflowSyntaxError, match="is given a ndarray"):
        sdk.map(anything, numpy.array(1))


def test_an_empty_sequence_is_mapped_too():
    model = model_of(sdk.map(anything, []), numbers())

    assert value(model, *map_in(model).args_ids) == []


@pytest.mark.parametrize("results", [list, tuple, iter])
def test_results_of_tasks_can_be_elements(results):
    model = model_of(sdk.map(anything, results([numbers(), 5, numbers()])))

    (collection,) = model.collection_nodes.values()
    assert map_in(model).args_ids == [collection.id]
    assert collection.type is ir.CollectionType.LIST
    assert [each in model.artifact_nodes for each in collection.items] == [True, False, True]


def test_a_result_of_a_task_can_be_the_sequence():
    first, _ = fit(1.0)
    whole = numbers()

    model = model_of(sdk.map(anything, whole, first, sdk.map(anything, whole)))

    found = [each for each in model.task_invocations.values() if each.map_over == [0, 1, 2]]
    assert all(each in model.artifact_nodes for each in found[0].args_ids)


def test_a_map_takes_resources_images_and_variables_like_a_call():
    future = sdk.map(fit, [1.0]).with_resources(cpu="2").with_custom_image("x:1")

    found = map_in(model_of(future.with_env_variables({"A": "1"})))

    assert (found.resources.cpu, found.custom_image, found.env_vars) == ("2", "x:1", {"A": "1"})
    assert found.map_over == [0]


def test_a_custom_name_shows_what_is_the_same_for_all_elements():
    assert sdk.map(fit, [1.0, 2.0], kind="deep").invocation.custom_name == "fit each alpha of deep"
    task = sdk.task(anything, custom_name="{args} and {last}")
    assert sdk.map(task, [1], [2], last=3).invocation.custom_name == "each args and 3"


def test_a_large_map_is_a_small_definition():
    model = model_of(sdk.map(anything, range(100_000)))

    assert len(model.task_invocations) == len(model.constant_nodes) == 1
    assert len(model.model_dump_json()) < 1_000_000


def test_a_plain_call_says_nothing_of_maps():
    (call,) = model_of(numbers()).task_invocations.values()

    assert "map_over" not in call.model_dump()


@pytest.mark.parametrize(
    ("make", "what_to_do"),
    [
        (lambda: sdk.map(anything), r"no sequence. Write `sdk\.map\(anything, \[1, 2, 3\]\)`"),
        (lambda: sdk.map(len, [1]), "calls a task.*Decorate the function: `@sdk.task`"),
        (lambda: sdk.map(numbers(), [1]), "the task itself, without arguments"),
        (lambda: sdk.map(anything, 5), "is given an int as sequence number 1.*Write a list"),
        (lambda: sdk.map(anything, "text"), "is given a str"),
        (lambda: sdk.map(anything, b"text"), "is given a bytes"),
        (lambda: sdk.map(anything, [1], {"a": 1}), "is given a dict as sequence number 2"),
        (lambda: sdk.map(anything, {1, 2}), "is given a set"),
        (lambda: sdk.map(anything, {1: 2}.keys() & {1}), "is given a set"),
        (lambda: sdk.map(fit, [1.0], 3.0), "is given a float as sequence number 2"),
        (lambda: sdk.map(anything, None), "is given a NoneType"),
        (lambda: sdk.map(anything, sdk.Secret("s")), "is given a Secret"),
        (lambda: sdk.map(fit, [1], [2, 3]), "different lengths: 1, 2. Make them equally long"),
        (lambda: sdk.map(fit, [1], [2], [3]), "cannot be called so: too many positional"),
        (lambda: sdk.map(fit, [1], alpha=2), "multiple values for argument 'alpha'"),
        (lambda: sdk.map(fit, [1], other=2), "unexpected keyword argument 'other'"),
    ],
)
def test_what_cannot_be_mapped_is_refused_with_its_place_and_the_way_out(make, what_to_do):
    with pytest.raises(WorkflowSyntaxError, match=rf"(?s)test_mapping\.py:\d+: .*\n.*{what_to_do}"):
        make()
