"""Programs with maps: over constants and results, side by side, and over each other."""

from orquestra import sdk
from tests.programs.tasks import keywords, same, total


@sdk.task
def counting(length):
    return [*range(length)]


@sdk.workflow
def a_map_over_constants():
    return sdk.map(keywords, [1, 2], scale=same(3))


@sdk.workflow
def a_map_over_a_result():
    return total(sdk.map(same, same([1, 2, 3])))


@sdk.workflow
def a_map_over_nothing():
    return sdk.map(same, same([]))


@sdk.workflow
def maps_over_maps():
    rows = sdk.map(counting, sdk.map(total, [[1], [1, 1], [1, 2]]))
    return rows, sdk.map(total, rows), total(sdk.map(total, rows))


@sdk.workflow
def a_map_over_several_side_by_side():
    letters = same("abc")
    return sdk.map(keywords, counting(2), [letters, "z"], scale=same([]), other=letters)
