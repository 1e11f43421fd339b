"""Programs about what a call stands for in a workflow: all of a result, or its elements."""

from orquestra import sdk
from tests.programs.tasks import pair, same, total


@sdk.task(n_outputs=2)
def pair_as_list():
    return ["left", "right"]


@sdk.task(n_outputs=2)
def more_than_declared():
    return 1, 2, 3


@sdk.task(n_outputs=1)
def one_in_a_tuple():
    return (5,)


@sdk.task(n_outputs=1)
def one_bare():
    return 5


@sdk.task(n_outputs=2)
def halves(values):
    import numpy as np

    return np.array_split(np.asarray(values), 2)


@sdk.workflow
def unpacking_two():
    left, right = pair()
    return right, left


@sdk.workflow
def unpacking_a_list():
    left, right = pair_as_list()
    return left, right


@sdk.workflow
def unpacking_drops_what_is_not_declared():
    first, second = more_than_declared()
    return first, second


@sdk.workflow
def unpacking_one():
    (wrapped,) = one_in_a_tuple()
    (bare,) = one_bare()
    return wrapped, bare


@sdk.workflow
def unpacking_an_array():
    left, right = halves([1, 2, 3, 4])
    return total(left), total(right)


@sdk.workflow
def the_whole_of_two_outputs():
    return pair()


@sdk.workflow
def an_element_and_the_whole():
    both = pair()
    return both[1], both, same(both)


@sdk.workflow
def one_output_comes_bare():
    return [same(7)]


@sdk.workflow
def an_output_twice():
    value = same(7)
    return value, value


@sdk.workflow
def outputs_with_constants():
    return same(1), "constant", (2, 3)
