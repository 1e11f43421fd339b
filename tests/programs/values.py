"""Programs about values: what travels between tasks, and what it is when it arrives."""

import array
import collections
import dataclasses
import enum

from orquestra import sdk
from tests.programs.tasks import same

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
def type_name(value):
    return type(value).__name__


@sdk.task
def grow(items):
    items.append(1)
    return items


@sdk.task
def point():
    return Point(1, 2)


@sdk.task
def mapping_with_numbers():
    return {1: "one", None: "none"}


@sdk.task
def counted(words):
    return {word: {"times": words.count(word), "letters": set(word)} for word in words}


@sdk.task
def nested(value):
    return (), (1, [(value, ((),))])


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
def spelt(text):
    return text.encode("utf-8", "surrogatepass").hex(" "), text[::-1]


@sdk.task
def large(length):
    return bytes(length), array.array("d", [0.5]) * (length // 8)


@sdk.task
def measured(data, numbers):
    numbers[0] = 2.0
    return len(data), len(numbers), sum(numbers[:2])


@sdk.task
def counter(start):
    count = start

    def more(by):
        nonlocal count
        count += by
        return count

    return more


@sdk.task
def applied(function, value):
    return function(value), function(value)


@sdk.task
def matrix():
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
def values_are_not_shared():
    items = same([])
    return grow(items), grow(items), items


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
def dictionaries_in_dictionaries():
    return counted(["to", "be", "to"])


@sdk.workflow
def tuples_in_tuples():
    whole = nested(2)
    return whole, nested((whole, [whole]))


@sdk.workflow
def nothing_and_falsehood():
    return same(None), same(value=False), same(0), same(""), None


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
def a_class_made_by_the_workflow():
    @dataclasses.dataclass
    class Scale:
        factor: int

        def __call__(self, value):
            return value * self.factor

    return applied(same(Scale(3)), 2)


@sdk.workflow
def functions_as_values():
    return applied(lambda value: value + 1, 1), applied(counter(10), 5)


@sdk.workflow
def texts_of_all_scripts():
    return spelt("naïve ☃ 😀\x00\x0c\n"), same({"größe": "米"}), same("\ud800")


@sdk.workflow
def large_values():
    data, numbers = large(3_000_000)
    return measured(data, numbers), measured(data, numbers)


@sdk.workflow
def arrays_travel():
    return shape_and_type(matrix()), type_name(numpy_scalar())
