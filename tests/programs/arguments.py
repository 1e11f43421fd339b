"""Programs about arguments: of tasks and of workflows, constants, results, and both together."""

from orquestra import sdk
from tests.programs.tasks import keywords, pair, same, total


@sdk.task
def defaults(first, /, second="b", *, third=("c", 3)):
    return first, second, third


@sdk.task
def levels(value):
    depth = 0
    while isinstance(value, list):
        assert value[0] is value[1]
        value, depth = value[0], depth + 1
    return depth, value


@sdk.workflow
def arguments_of_all_kinds():
    return keywords(1, same(2), 3, scale=same(4), other=same("o"))


@sdk.workflow
def arguments_that_are_left_out():
    return defaults("a"), defaults("a", third=same(None)), defaults(*"ab", third=0)


@sdk.workflow
def constants_are_as_they_were_at_the_call():
    items = [1]
    first = total(items)
    items.append(2)
    return first, total(items)


@sdk.workflow
def a_constant_for_several_tasks():
    scale = {"scale": [1.5, None]}
    return same(scale), keywords(scale, scale, scale=scale), scale


@sdk.workflow
def a_task_that_is_called_again_and_again():
    value = 1
    for _ in range(5):
        value = total([value, value])
    return value


@sdk.workflow
def futures_in_containers():
    left, right = pair()
    return same([same(1), {"left": left, "deep": [(right, 3)]}, "constant"])


@sdk.workflow
def containers_that_share_what_they_hold():
    found = same("x")
    for _ in range(50):
        found = [found, found]
    return levels([found, found])


@sdk.workflow
def a_sum_over_a_list_of_futures():
    return total([same(n) for n in range(10)])


@sdk.workflow
def with_parameters(numbers, *, power=1, names=("n",)):
    return total([same(number**power) for number in numbers]), same({"names": names})
