"""Shapes of graphs: the numbers of nodes follow from how release 1.1 walks them."""

from orquestra import sdk


@sdk.task
def start(n=0):
    return n


@sdk.task
def join(*parts):
    return parts


@sdk.task
def split(x):
    return x, x


@sdk.workflow
def chain():
    result = start()
    for step in range(5):
        result = join(result, step)
    return result


@sdk.workflow
def diamond():
    top = start(1)
    return join(join(top, "left"), join(top, "right"))


@sdk.workflow
def fan_out_and_in():
    return join(*[join(start(n)) for n in range(4)])


@sdk.workflow
def unreachable_tasks_are_left_out():
    dropped = start(1)
    join(dropped)
    return start(2)


@sdk.workflow
def one_branch_is_an_output_too():
    top = start(1)
    middle = join(top)
    return join(middle), middle, top


@sdk.workflow
def outputs_in_another_order_than_calls():
    a, b, c = start(1), start(2), start(3)
    return c, a, b


@sdk.workflow
def elements_go_different_ways():
    left, right = split(start())
    a, b = split(left)
    return join(a, right), join(b), right


@sdk.workflow
def ladder():
    left, right = start(0), start(1)
    for _ in range(4):
        left, right = join(left, right), join(right, left)
    return left, right
