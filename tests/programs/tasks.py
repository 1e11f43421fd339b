"""Tasks that many programs use. They travel with them, as a neighbour of their modules."""

from orquestra import sdk


@sdk.task
def keywords(first, *rest, scale=1, **named):
    return first, rest, scale, named


@sdk.task
def same(value):
    return value


@sdk.task
def total(values):
    return sum(values)


@sdk.task(n_outputs=2)
def pair():
    return "left", "right"
