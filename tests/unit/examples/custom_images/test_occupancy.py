from examples.custom_images.occupancy import NodeLife, count_steps, peak, read_history
from hypothesis import given
from hypothesis import strategies as st


def node(requested, ended):
    return NodeLife(id="n", requested=requested, joined=None, ended=ended, tasks=())


def test_nodes_that_overlap_are_counted_together():
    assert count_steps([node(0, 4), node(2, 6)]) == [(0, 1), (2, 2), (4, 1), (6, 0)]


def test_a_node_that_takes_the_place_of_another_is_no_second_one():
    assert peak([node(0, 4), node(4, 6)]) == 1


def test_without_nodes_the_peak_is_none():
    assert peak([]) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 5)).map(
            lambda life: node(life[0], life[0] + life[1])
        )
    )
)
def test_the_peak_is_the_most_nodes_seen_in_any_interval(nodes):
    seen = [sum(life.requested <= at < life.ended for life in nodes) for at in range(30)]

    assert peak(nodes) == max(seen)


def test_a_node_that_has_not_ended_lasts_until_the_file_was_written():
    document = {
        "submitted": "2025-01-01T12:00:00Z",
        "written": "2025-01-01T12:01:00Z",
        "pools": [
            {
                "image": "lab:1",
                "max_nodes": 2,
                "nodes": [
                    {
                        "id": "n-1",
                        "request_time": "2025-01-01T12:00:05Z",
                        "start_time": None,
                        "end_time": None,
                        "tasks": [],
                    }
                ],
            }
        ],
    }

    (pool,) = read_history(document)

    assert (pool.image, pool.cap) == ("lab:1", 2)
    assert pool.nodes == (NodeLife(id="n-1", requested=5, joined=None, ended=60, tasks=()),)
