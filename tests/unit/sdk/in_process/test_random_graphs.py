"""Whatever graph: run in process, it gives what its functions give when they are just called."""

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from orquestra import sdk


@sdk.task
def add(left: int, right: int) -> int:
    return left + right


@sdk.task
def halves(number: int) -> tuple[int, int]:
    return number // 2, number - number // 2


@sdk.task
def weighed(groups: dict[str, list[int]], offset: tuple[int, ...]) -> int:
    return sum(len(name) * sum(numbers) for name, numbers in groups.items()) + sum(offset)


def as_tasks(task, *arguments):
    return task(*arguments)


def as_functions(task, *arguments):
    return task.__wrapped__(*arguments)


def mapped_as_tasks(task, *sequences):
    return sdk.map(task, *sequences)


def mapped_as_functions(task, *sequences):
    return [task.__wrapped__(*items) for items in zip(*sequences, strict=True)]


places = st.integers(min_value=0, max_value=99)
steps = st.lists(
    st.tuples(st.sampled_from(["add", "halve", "weigh", "map"]), places, places, places),
    min_size=1,
    max_size=12,
)


def calculated(program, call, mapped):
    """All values of a program. Each step takes values that are there already."""
    values = [1, 2, call(add, 3, 4)]
    for kind, *chosen in program:
        first, second, third = (values[place % len(values)] for place in chosen)
        match kind:
            case "add":
                values.append(call(add, first, second))
            case "halve":
                values += call(halves, first)
            case "weigh":
                groups = {"a": [first, second], "bb": [third, first]}
                values.append(call(weighed, groups, (second, 5)))
            case "map":
                lists = mapped(add, [first, second, third], [third, 1, first])
                values.append(call(weighed, {"ccc": lists}, ()))
    return tuple(values)


@settings(deadline=None, max_examples=60)
@given(steps)
def test_a_random_graph_gives_what_plain_python_gives(program):
    graph = partial(calculated, program)

    @sdk.workflow
    def work():
        return graph(as_tasks, mapped_as_tasks)

    expected = graph(as_functions, mapped_as_functions)
    assert work().run("in_process").get_results() == expected
