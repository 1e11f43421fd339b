"""Small workflows and what they give, on whatever runtime: one table for all of them.

`PROGRAMS` is run in process by the unit tests; tests of engines run the same table.
"""

import collections
import dataclasses
import enum
import importlib.util
import os
from collections.abc import Callable
from typing import Any

from orquestra import sdk

Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - what the users of 1.1 write


class Colour(enum.IntEnum):
    RED = 1


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


@dataclasses.dataclass(frozen=True)
class Setting:
    size: int


@dataclasses.dataclass
class Model:
    weights: list[float]

    def score(self) -> float:
        return sum(self.weights)


@sdk.task
def same(value):
    return value


@sdk.task
def total(values):
    return sum(values)


@sdk.task
def type_name(value):
    return type(value).__name__


@sdk.task(n_outputs=2)
def pair():
    return "left", "right"


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


@sdk.task
def grow(items):
    items.append(1)
    return items


@sdk.task
def keywords(first, *rest, scale=1, **named):
    return first, rest, scale, named


@sdk.task
def point():
    return Point(1, 2)


@sdk.task
def mapping_with_numbers():
    return {1: "one", None: "none"}


@sdk.task
def trained(alpha):
    return Model(weights=[alpha, 2 * alpha])


@sdk.task
def scored(model):
    return model.score()


@sdk.task
def recognised(mode, setting, settings=()):
    return mode is Mode.FAST, isinstance(setting, Setting), Setting(3) in settings


@sdk.task
def settings():
    return Mode.FAST, Setting(3)


@sdk.task
def levels(value):
    depth = 0
    while isinstance(value, list):
        assert value[0] is value[1]
        value, depth = value[0], depth + 1
    return depth, value


@sdk.task(env_vars={"PROGRAM_MODE": "fast"})
def mode():
    return os.environ.get("PROGRAM_MODE", "unset")


@sdk.task
def mode_of_the_process():
    return os.environ.get("PROGRAM_MODE", "unset")


@sdk.task
def array():
    import numpy as np

    return np.arange(6).reshape(2, 3)


@sdk.task
def numpy_scalar():
    import numpy as np

    return np.float64(0.5)


@sdk.task
def shape_and_type(value):
    return value.shape, type(value).__name__, str(value.dtype)


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
def one_output_comes_bare():
    return [same(7)]


@sdk.workflow
def outputs_with_constants():
    return same(1), "constant", (2, 3)


@sdk.workflow
def arguments_of_all_kinds():
    return keywords(1, same(2), 3, scale=same(4), other=same("o"))


@sdk.workflow
def values_are_not_shared():
    items = same([])
    return grow(items), grow(items), items


@sdk.workflow
def constants_are_as_they_were_at_the_call():
    items = [1]
    first = total(items)
    items.append(2)
    return first, total(items)


@sdk.workflow
def types_stay_what_they_are():
    return (
        type_name(point()),
        type_name(Colour.RED),
        type_name((1, 2)),
        type_name({1, 2}),
        type_name(b""),
        mapping_with_numbers(),
    )


@sdk.workflow
def objects_of_the_users_classes():
    return scored(trained(1.5))


@sdk.workflow
def objects_of_the_tasks_module_as_constants():
    return (
        recognised(Mode.FAST, Setting(3), {Setting(3)}),
        recognised(mode=Mode.SLOW, setting=3, settings=[same(1), Setting(3)]),
    )


@sdk.workflow
def objects_of_the_tasks_module_as_results():
    mode, setting = settings()
    return recognised(mode, setting, [setting]), mode, setting


@sdk.workflow
def variables_belong_to_their_task():
    return mode(), mode_of_the_process(), mode().with_env_variables({"PROGRAM_MODE": "slow"})


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
def arrays_travel():
    return shape_and_type(array()), type_name(numpy_scalar())


@sdk.workflow
def a_map_over_constants():
    return sdk.map(keywords, [1, 2], scale=same(3))


@sdk.workflow
def a_map_over_a_result():
    return total(sdk.map(same, same([1, 2, 3])))


@sdk.workflow
def a_map_over_nothing():
    return sdk.map(same, same([]))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """A workflow, what its run gives, and the package that it needs, if any."""

    workflow: Callable[[], sdk.WorkflowDef]
    gives: Any
    needs: str | None = None

    @property
    def name(self) -> str:
        return self.workflow.__name__

    def can_run(self) -> bool:
        return self.needs is None or importlib.util.find_spec(self.needs) is not None


PROGRAMS = [
    Program(workflow=unpacking_two, gives=("right", "left")),
    Program(workflow=unpacking_a_list, gives=("left", "right")),
    Program(workflow=unpacking_drops_what_is_not_declared, gives=(1, 2)),
    Program(workflow=unpacking_one, gives=(5, 5)),
    Program(workflow=unpacking_an_array, gives=(3, 7), needs="numpy"),
    Program(workflow=the_whole_of_two_outputs, gives=("left", "right")),
    Program(workflow=one_output_comes_bare, gives=7),
    Program(workflow=outputs_with_constants, gives=(1, "constant", (2, 3))),
    Program(workflow=arguments_of_all_kinds, gives=(1, (2, 3), 4, {"other": "o"})),
    Program(workflow=values_are_not_shared, gives=([1], [1], [])),
    Program(workflow=constants_are_as_they_were_at_the_call, gives=(1, 3)),
    Program(
        workflow=types_stay_what_they_are,
        gives=("Point", "Colour", "tuple", "set", "bytes", {1: "one", None: "none"}),
    ),
    Program(workflow=objects_of_the_users_classes, gives=4.5),
    Program(
        workflow=objects_of_the_tasks_module_as_constants,
        gives=((True, True, True), (False, False, True)),
    ),
    Program(
        workflow=objects_of_the_tasks_module_as_results,
        gives=((True, True, True), Mode.FAST, Setting(3)),
    ),
    Program(workflow=variables_belong_to_their_task, gives=("fast", "unset", "slow")),
    Program(
        workflow=futures_in_containers,
        gives=[1, {"left": "left", "deep": [("right", 3)]}, "constant"],
    ),
    Program(workflow=containers_that_share_what_they_hold, gives=(51, "x")),
    Program(workflow=a_sum_over_a_list_of_futures, gives=45),
    Program(workflow=arrays_travel, gives=(((2, 3), "ndarray", "int64"), "float64"), needs="numpy"),
    Program(workflow=a_map_over_constants, gives=[(1, (), 3, {}), (2, (), 3, {})]),
    Program(workflow=a_map_over_a_result, gives=6),
    Program(workflow=a_map_over_nothing, gives=[]),
]
