import shutil

import pytest

from orquestra import sdk


@sdk.task
def one(*args, **kwargs):
    return args


@sdk.workflow
def flow():
    first = one({1: "|"}, key=sdk.Secret("token"))
    return sdk.map(one, [first, 2]), 5


def statements(graph):
    return {line.strip() for line in graph.body}


def test_a_drawing_has_a_node_for_each_node_of_the_definition():
    graph = flow().graph
    model = flow().model

    drawn = statements(graph)
    for artifact_id in model.artifact_nodes:
        assert f'"{artifact_id}" [label="" shape=circle]' in drawn
    labels = {line.partition(" ")[2] for line in drawn if "label=" in line}
    assert labels == {
        '[label="" shape=circle]',
        r'[label="[inlined].one[]()\ninvocation-0-task-one" shape=rectangle]',
        r'[label="[inlined].one()\ninvocation-1-task-one" shape=rectangle]',
        r"""[label="\{1:\ '\|'\}" shape=record style=rounded]""",
        r'[label="secret\ token" shape=record style=rounded]',
        "[label=2 shape=record style=rounded]",
        "[label=5 shape=record style=rounded]",
        "[label=list shape=record style=rounded]",
        "[label=outputs shape=record]",
    }
    assert "aggregation_step [label=outputs shape=record]" in drawn
    assert "fontname=courier" in graph.source


def test_a_drawing_points_from_arguments_to_calls_to_results_to_outputs():
    model = flow().model
    outer, inner = model.task_invocations.values()
    (collection,) = model.collection_nodes.values()

    edges = {line.replace('"', "") for line in statements(flow().graph) if "->" in line}

    assert edges == {
        *(f"{argument} -> {inner.id}" for argument in inner.argument_ids()),
        f"{inner.id} -> {inner.output_ids[0]}",
        *(f"{item} -> {collection.id}" for item in collection.items),
        f"{collection.id} -> {outer.id}",
        f"{outer.id} -> {outer.output_ids[0]}",
        *(f"{output} -> aggregation_step" for output in model.output_ids),
    }


def test_a_task_of_a_module_is_drawn_with_its_place():
    task = sdk.task(one, source_import=sdk.LocalImport("module"))
    line = one.__code__.co_firstlineno

    graph = sdk.workflow(lambda: [task()])().graph

    assert rf"{__name__}.one():{line}\n" in graph.source


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not there")
def test_a_drawing_can_be_rendered():
    assert b"<svg" in flow().graph.pipe(format="svg")
