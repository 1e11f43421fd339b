"""What nodes cost, counted from the documents of a run, and random graphs to count it for."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.compute_engine.mixed_images import Node, naps, random_graph
from benchmarks.compute_engine.node_seconds import lower_bound, node_seconds
from orquestra.sdk.schema import api

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
IMAGES = ["one", "two", "three"]


def at(seconds):
    return BEGIN + timedelta(seconds=seconds)


def node(name, *, start, end, tasks=()):
    return api.Node(
        id=name,
        pool="p",
        image="one",
        digest="sha256:1",
        state="STOPPED",
        request_time=at(0),
        start_time=None if start is None else at(start),
        end_time=None if end is None else at(end),
        tasks=[
            api.NodeTask(
                invocation_id=f"{name}-{n}", state="SUCCEEDED", start_time=at(b), end_time=at(e)
            )
            for n, (b, e) in enumerate(tasks)
        ],
    )


def pool(*nodes, cpu=1.0):
    return api.Pool(
        id="p", image="one", digest="sha256:1", max_nodes=2, cpu=cpu, memory=1, gpu=0, nodes=nodes
    )


def test_nodes_cost_from_their_start_to_their_end():
    pools = [pool(node("a", start=1, end=11), node("b", start=5, end=8)), pool()]

    assert node_seconds(pools) == 13


def test_a_node_that_never_started_costs_nothing():
    assert node_seconds([pool(node("a", start=None, end=4))]) == 0


def test_a_node_that_is_still_there_cannot_be_counted():
    with pytest.raises(ValueError, match="has not ended"):
        node_seconds([pool(node("a", start=1, end=None))])


def test_the_lower_bound_is_the_work_on_full_nodes():
    worked = node("a", start=0, end=20, tasks=[(2, 8), (8, 12)])

    assert lower_bound([pool(worked)], cores=1) == 10
    assert lower_bound([pool(worked, cpu=4.0)], cores=2) == 5


def test_random_graphs_repeat_for_their_seed_only():
    assert random_graph(1, IMAGES) == random_graph(1, IMAGES)
    assert random_graph(1, IMAGES) != random_graph(2, IMAGES)


def test_tasks_of_random_graphs_come_after_their_parents():
    nodes = random_graph(3, IMAGES)

    assert all(parent < at for at, one in enumerate(nodes) for parent in one.parents)
    assert {one.image for one in nodes} == set(IMAGES)


def test_a_graph_is_a_workflow_with_the_images_of_its_nodes():
    nodes = [
        Node(image="one", seconds=1, parents=()),
        Node(image="two", seconds=2, parents=(0,)),
    ]

    invocations = naps(nodes).model.task_invocations.values()

    assert {invocation.custom_image for invocation in invocations} == {"one", "two"}
