import importlib
import json
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orquestra import sdk
from orquestra.sdk.code.functions import load_function
from orquestra.sdk.exceptions import (
    IgnoredFieldWarning,
    InvalidTaskDefinitionError,
    NodesInTaskResourcesWarning,
    WorkflowSyntaxError,
)
from orquestra.sdk.schema import ir

DATA = Path(__file__).parents[1] / "data"
PUBLISHED = Path(__file__).parents[3] / "data" / "ir" / "train_demo-1.1.0.json"


@sdk.task
def one(*args, **kwargs):
    return args


@sdk.task(n_outputs=2)
def two(*args):
    return args


def model_of(make_outputs, **options):
    def build():
        return make_outputs()

    return sdk.workflow(build, **options)().model


def invocations(model):
    return list(model.task_invocations.values())


def without_what_differs_from_build_to_build(document):
    """The definition with ids of tasks and imports numbered, and no versions and pickles."""
    imports = {old: f"import-{n}" for n, old in enumerate(document["imports"])}
    tasks = {old: f"task-{n}" for n, old in enumerate(document["tasks"])}
    text = json.dumps(document)
    for old, new in (imports | tasks).items():
        text = text.replace(json.dumps(old), json.dumps(new))
    document = json.loads(text)
    for item in document["imports"].values():
        for package in item.get("packages", []):
            if package["name"] == "orquestra-sdk":
                package["version_constraints"] = []
    for task in document["tasks"].values():
        task["fn_ref"]["encoded_function"] = []
    for version in ("sdk_version", "python_version"):
        document["metadata"][version] = sorted(document["metadata"][version])
    return document


@pytest.fixture
def train_demo(monkeypatch):
    monkeypatch.chdir(DATA)
    monkeypatch.syspath_prepend(DATA)
    yield importlib.import_module("train_demo")
    del sys.modules["train_demo"]


def test_a_definition_is_that_of_the_published_client(train_demo):
    published = json.loads(PUBLISHED.read_text())

    ours = json.loads(train_demo.train_demo().model.model_dump_json())

    assert without_what_differs_from_build_to_build(
        ours
    ) == without_what_differs_from_build_to_build(published)
    # The order of nodes is what users see, so it counts as well.
    for nodes in ("artifact_nodes", "constant_nodes", "task_invocations"):
        assert list(ours[nodes]) == list(published[nodes])


def test_a_definition_of_the_published_client_is_read_and_written_unchanged():
    published = json.loads(PUBLISHED.read_text())

    assert json.loads(ir.WorkflowDef.model_validate(published).model_dump_json()) == published


def test_building_twice_gives_the_same_definition(train_demo):
    assert train_demo.train_demo().model == train_demo.train_demo().model


def test_invocations_are_numbered_from_the_last_output_backwards():
    model = model_of(lambda: [one("a"), one("b"), one("c")])

    previews = [
        model.constant_nodes[invocation.args_ids[0]].value_preview
        for invocation in invocations(model)
    ]
    assert list(model.task_invocations) == [f"invocation-{n}-task-one" for n in range(3)]
    assert previews == ["'c'", "'b'", "'a'"]


def test_all_outputs_of_a_task_have_artifacts_used_or_not():
    def outputs():
        first, _ = two(1)
        return first, two(2)

    model = model_of(outputs)

    assert [(node.id, node.artifact_index) for node in model.artifact_nodes.values()] == [
        ("artifact-0-two", 0),
        ("artifact-1-two", 1),
        ("artifact-3-two", 0),
        ("artifact-4-two", 1),
        ("artifact-2-two", None),
        ("artifact-5-two", None),
    ]
    assert model.output_ids == ["artifact-3-two", "artifact-2-two"]
    assert invocations(model)[0].output_ids == [
        "artifact-0-two",
        "artifact-1-two",
        "artifact-2-two",
    ]


def test_a_future_used_twice_runs_once():
    shared = one()

    model = model_of(lambda: one(shared, shared))

    assert len(model.task_invocations) == 2
    assert invocations(model)[0].args_ids == ["artifact-1-one"] * 2


def test_a_task_whose_result_is_not_returned_does_not_run():
    def outputs():
        one("dropped")
        return one("kept")

    assert len(model_of(outputs).task_invocations) == 1


def test_constants_met_again_take_a_new_number_and_keep_their_place():
    model = model_of(lambda: one("a", "b", "a", "c", "b"))

    # These are the ids that release 1.1.0 gives.
    assert list(model.constant_nodes) == ["constant-3", "constant-1", "constant-4"]
    assert invocations(model)[0].args_ids == [f"constant-{number}" for number in (4, 3, 4, 1, 3)]


def test_previews_are_the_first_twelve_characters():
    model = model_of(lambda: one("a long text indeed"))

    assert next(iter(model.constant_nodes.values())).value_preview == "'a long text"


def test_constants_can_be_outputs():
    model = model_of(lambda: (one(), 7, "x"))

    assert [node.value for node in model.constant_nodes.values()] == ['"x"', "7"]


def test_two_calls_of_a_task_share_its_definition_and_its_code_runs():
    model = model_of(lambda: [one(1), one(2)])

    (task,) = model.tasks.values()
    assert load_function(task.fn_ref)(5) == (5,)
    assert {invocation.task_id for invocation in invocations(model)} == {task.id}


def test_one_function_with_different_options_is_two_tasks():
    a, b = (sdk.task(one, custom_image=image) for image in ("a", "b"))

    model = model_of(lambda: [a(), b()])

    assert [task.custom_image for task in model.tasks.values()] == ["b", "a"]


def test_parameters_are_listed_with_their_kinds():
    @sdk.task
    def signature(a, /, b, *args, c=1, **kwargs):
        return a

    (task,) = model_of(lambda: signature(1, 2)).tasks.values()

    assert [(p.name, p.kind.value) for p in task.parameters] == [
        ("a", "POSITIONAL_OR_KEYWORD"),
        ("b", "POSITIONAL_OR_KEYWORD"),
        ("args", "VAR_POSITIONAL"),
        ("c", "POSITIONAL_OR_KEYWORD"),
        ("kwargs", "VAR_KEYWORD"),
    ]


def test_dependencies_have_no_duplicates_and_the_sdk_is_last():
    numpy = sdk.PythonImports("numpy")

    @sdk.task(dependency_imports=[numpy, sdk.InlineImport(), sdk.PythonImports("numpy")])
    def work():
        return 1

    model = model_of(lambda: [work(), one()])

    tasks = {task.fn_ref.function_name: task for task in model.tasks.values()}
    first, last = tasks["work"].dependency_import_ids
    assert [p.requirement() for p in model.imports[first].packages] == ["numpy"]
    assert model.imports[last].packages[0].requirement().startswith("orquestra-sdk[all]==2.")
    assert list(model.imports)[-1] == last
    assert tasks["one"].dependency_import_ids == [last]


def test_a_package_with_two_versions_in_one_task_is_refused():
    old, new = sdk.PythonImports("numpy<2"), sdk.PythonImports("scipy", "NumPy>=2")
    task = sdk.task(one, dependency_imports=[old, new])

    with pytest.raises(WorkflowSyntaxError, match=r"(?s)test_graph\.py.*`one`.*'NumPy' twice"):
        model_of(task)


def test_a_package_named_alike_twice_or_told_apart_by_markers_is_fine():
    imports = [sdk.PythonImports("numpy"), sdk.PythonImports("numpy", "scipy")]
    imports.append(sdk.PythonImports("numpy<2; python_version < '3.10'"))

    (task,) = model_of(sdk.task(one, dependency_imports=imports)).tasks.values()

    assert len(task.dependency_import_ids) == 4


def test_default_imports_of_a_workflow_stay_in_that_workflow():
    @sdk.task(dependency_imports=[])
    def nothing_at_all():
        return 1

    def outputs():
        return [one(), nothing_at_all()]

    def dependencies(model):
        return {t.fn_ref.function_name: len(t.dependency_import_ids) for t in model.tasks.values()}

    with_default = model_of(outputs, default_dependency_imports=sdk.PythonImports("numpy"))
    without = model_of(outputs)

    assert dependencies(with_default) == {"one": 2, "nothing_at_all": 1}
    assert dependencies(without) == {"one": 1, "nothing_at_all": 1}


@pytest.mark.parametrize(
    ("future", "image"),
    [
        (one, ir.DEFAULT_IMAGE),
        (lambda: one().with_resources(gpu="1"), ir.DEFAULT_CUDA_IMAGE),
        (lambda: one().with_resources(gpu=2), ir.DEFAULT_CUDA_IMAGE),
        (lambda: one().with_resources(gpu="0"), ir.DEFAULT_IMAGE),
        (sdk.task(one, resources=sdk.Resources(gpu=0)), ir.DEFAULT_IMAGE),
        (lambda: one().with_resources(gpu="1").with_custom_image("mine:1"), "mine:1"),
        (lambda: sdk.task(one, custom_image="mine:1")().with_custom_image(None), "mine:1"),
    ],
)
def test_the_image_is_the_calls_the_tasks_or_a_default(future, image):
    (invocation,) = invocations(model_of(future))

    assert invocation.custom_image == image


@pytest.mark.parametrize(
    "call",
    [
        sdk.task(one, resources=sdk.Resources(gpu="0")),
        sdk.task(one, resources=sdk.Resources(gpu=0)),
        lambda: sdk.task(one, resources=sdk.Resources(gpu="1"))().with_resources(gpu="0"),
        lambda: sdk.task(one, resources=sdk.Resources(gpu="1"))().with_resources(gpu=None),
    ],
)
def test_no_gpu_does_not_choose_the_cuda_image(call):
    # In release 1.1 it did: the text "0" is true, and so was the task's own GPU.
    (invocation,) = invocations(model_of(call))

    assert invocation.custom_image == ir.DEFAULT_IMAGE


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ({"cpu": "1.5"}, "cpu='1.5'"),
        ({"gpu": "0.5"}, "gpu='0.5'"),
        ({"memory": "much"}, "memory"),
        ({"disk": "-1"}, "disk='-1'"),
    ],
)
def test_resources_of_one_call_are_checked_like_those_of_its_task(override, problem):
    # Release 1.1 checked only those of the decorator.
    with pytest.raises(InvalidTaskDefinitionError, match=rf"(?s)test_graph\.py:\d+.*{problem}"):
        model_of(lambda: one().with_resources(**override))


def test_calls_carry_their_own_resources_and_variables():
    task = sdk.task(one, resources=sdk.Resources(cpu="1", memory="1Gi"), env_vars={"A": "1"})

    model = model_of(lambda: task().with_resources(cpu=None).with_env_variables({"B": "2"}))

    (definition,) = model.tasks.values()
    (invocation,) = invocations(model)
    assert definition.resources == ir.Resources(cpu="1", memory="1Gi")
    assert invocation.resources == ir.Resources(memory="1Gi")
    assert invocation.env_vars == {"B": "2"}


def test_nodes_of_a_task_are_dropped_with_a_warning():
    task = sdk.task(one, resources=sdk.Resources(cpu="1", nodes=3))

    with pytest.warns(NodesInTaskResourcesWarning, match="workflow's resources") as warned:
        model = model_of(task)

    assert warned[0].filename == __file__

    assert invocations(model)[0].resources == ir.Resources(cpu="1")


@pytest.mark.parametrize(
    ("future", "what_to_do"),
    [
        (sdk.task(one, resources=sdk.Resources(cpu="1.5")), "whole number"),
        (lambda: one().with_resources(memory="1Gb"), "not a quantity"),
        (sdk.task(one, env_vars={"N": 1}), "put quotes around"),
        (lambda: one().with_env_variables({"N": 1}), "put quotes around"),
    ],
)
def test_calls_that_can_never_run_are_refused_before_anything_is_sent(future, what_to_do):
    with pytest.raises(
        InvalidTaskDefinitionError, match=rf"(?s)test_graph\.py:\d+.*Task `one`.*{what_to_do}"
    ):
        model_of(future)


def test_a_custom_name_is_cleaned_for_the_id():
    task = sdk.task(lambda x: x, custom_name="Größe {x}!")

    (invocation,) = invocations(model_of(lambda: task(1)))

    assert invocation.id == "name-gr--e-1--invocation-0-task--lambda-"


def test_an_empty_custom_name_is_one_too():
    task = sdk.task(one, custom_name="")

    assert list(model_of(task).task_invocations) == ["name--invocation-0-task-one"]


def test_long_custom_names_keep_their_calls_apart():
    # In release 1.1 the cut at 128 characters made them one.
    task = sdk.task(one, custom_name="x" * 200)

    model = model_of(lambda: [task() for _ in range(12)])

    assert len(model.task_invocations) == 12
    assert all(len(invocation_id) == 128 for invocation_id in model.task_invocations)


def test_long_names_keep_tasks_apart():
    def made(number):
        def fn(x):
            return number, x

        fn.__name__ = "a" * 130
        return sdk.task(fn)

    tasks = [made(number) for number in range(3)]
    model = model_of(lambda: [task(1) for task in tasks])

    assert len(model.tasks) == 3
    assert {len(task_id) for task_id in model.tasks} == {128}


def test_a_constant_that_cannot_be_sent_is_refused_with_its_place():
    with pytest.raises(
        WorkflowSyntaxError, match=r"(?s)test_graph\.py:\d+.*argument of task `one` is a lock"
    ):
        model_of(lambda: one(threading.Lock()))


def test_a_long_chain_is_no_deeper_than_a_short_one():
    def chain():
        result = one()
        for _ in range(10_000):
            result = one(result)
        return result

    assert len(model_of(chain).task_invocations) == 10_001


def containers(inner):
    """Lists, tuples and dictionaries of what the strategy gives."""
    return (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
    )


@st.composite
def graphs(draw):
    """A workflow function of random calls, each of what came before it or of a constant."""
    constants = st.integers() | st.text(max_size=5) | st.lists(st.booleans(), max_size=2)
    futures = []
    for _ in range(draw(st.integers(min_value=1, max_value=8))):
        known = constants | st.just(sdk.Secret("s"))
        leaf = st.sampled_from(futures) | known if futures else known
        arguments = draw(st.lists(st.recursive(leaf, containers, max_leaves=5), max_size=3))
        match draw(st.integers(min_value=0, max_value=2)):
            case 0:
                futures.append(one(*arguments))
            case 1:
                futures.extend(two(*arguments))
            case _:
                futures.append(sdk.map(one, arguments))
    return draw(st.lists(st.sampled_from(futures), min_size=1, max_size=4))


def futures_in(value):
    """All results inside of an argument."""
    if isinstance(value, sdk.ArtifactFuture):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    is_container = isinstance(value, list | tuple) and not isinstance(value, sdk.Secret)
    return [future for each in value for future in futures_in(each)] if is_container else []


def calls_below(outputs):
    """All calls that outputs need, by plain recursion; the oracle of the walk."""
    found, waiting = set(), list(outputs)
    while waiting:
        invocation = waiting.pop().invocation
        if invocation not in found:
            found.add(invocation)
            waiting += futures_in([*invocation.args, *(value for _, value in invocation.kwargs)])
    return found


@settings(max_examples=50)  # each builds a whole definition
@given(graphs())
def test_every_definition_is_complete_and_survives_the_wire(outputs):
    model = model_of(lambda: outputs)

    assert ir.WorkflowDef.model_validate_json(model.model_dump_json()) == model

    kinds = (model.artifact_nodes, model.constant_nodes, model.secret_nodes, model.collection_nodes)
    data = set().union(*kinds)
    assert len(data) == sum(map(len, kinds))
    used = [a for invocation in invocations(model) for a in invocation.argument_ids()]
    inside = [each for node in model.collection_nodes.values() for each in node.items + node.keys]
    produced = [a for invocation in invocations(model) for a in invocation.output_ids]
    assert {*used, *inside, *model.output_ids} <= data
    assert {*model.collection_nodes} <= {*used, *inside}
    assert sorted(produced) == sorted(model.artifact_nodes)
    assert all(invocation.task_id in model.tasks for invocation in invocations(model))
    assert model.producers() == {a: i.id for i in invocations(model) for a in i.output_ids}
    assert len(model.task_invocations) == len(calls_below(outputs))


def test_disk_is_asked_for_in_vain_and_one_warning_says_so():
    task = sdk.task(one, resources=sdk.Resources(disk="1Gi"))
    resources = sdk.Resources(disk="2Gi")

    for asked in (
        lambda: model_of(lambda: [task(), task()]),
        lambda: model_of(lambda: one().with_resources(disk="1Gi")),
        lambda: model_of(one, resources=resources),
        lambda: model_of(one, head_node_resources=resources),
    ):
        with pytest.warns(IgnoredFieldWarning, match=r"disk='\dGi'.*no runtime") as warned:
            asked()
        assert [each.filename for each in warned] == [__file__]


def test_local_modules_of_tasks_travel(tmp_path, monkeypatch):
    (tmp_path / "flow.py").write_text(
        "import beside\nfrom orquestra import sdk\n"
        "@sdk.task\ndef work(): return beside.value\n"
        "@sdk.workflow\ndef flow(): return work()\n"
    )
    (tmp_path / "beside.py").write_text("value = 5\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))

    model = importlib.import_module("flow").flow().model

    assert model.source_files == {"beside.py": "value = 5\n"}
    assert "source_files" not in model_of(one).model_dump()
