"""Values of a user's own classes and functions: `VALUES`, and what is `told` of each."""

import abc
import collections
import dataclasses
import enum
import typing

Item = typing.TypeVar("Item")


class Plain:
    unit = "m"

    def __init__(self, size):
        self.size = size

    @property
    def doubled(self):
        return 2 * self.size

    @classmethod
    def of(cls, size):
        return cls(size)

    @staticmethod
    def sign():
        return "#"

    def __repr__(self):
        return f"{type(self).__name__} {self.sign()}{self.size} {self.doubled} {self.unit}"


class Slotted:
    __slots__ = ("size",)

    def __repr__(self):
        return f"Slotted {self.size}"


class Base(abc.ABC):
    @abc.abstractmethod
    def size(self):
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__} of size {self.size()}"


class Derived(Base):
    def size(self):
        return len(super().__repr__.__name__)


class Box(typing.Generic[Item]):
    def __init__(self, item: Item):
        self.item = item

    def __repr__(self):
        return f"Box {self.item!r}"


@dataclasses.dataclass
class Setting:
    size: int
    tags: list = dataclasses.field(default_factory=list)
    unit: typing.ClassVar[str] = "m"
    scale: dataclasses.InitVar[int] = 1

    def __post_init__(self, scale):
        self.size *= scale


@dataclasses.dataclass(frozen=True, order=True)
class Frozen:
    size: int = 0


@dataclasses.dataclass(slots=True)
class SlottedSetting:
    size: int


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"

    def shown(self):
        return self.value.title()


class Level(enum.IntEnum):
    LOW = 1


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - as users write it


class Typed(typing.NamedTuple):
    x: int
    y: str = "y"


class Problem(ValueError):
    pass


def greeting(name="ada", *, mark="!"):
    return f"Hello {name}{mark}"


def counter(start):
    def count():
        return start + len(greeting())

    return count


def slotted(size):
    made = Slotted()
    made.size = size
    return made


VALUES = {
    "an object": Plain.of(3),
    "objects in containers": {"a": [Plain(1), (Plain(2),)]},
    "slots": slotted(4),
    "a child of an abstract class": Derived(),
    "a generic class": Box[int](5),
    "a dataclass": Setting(2, ["x"], scale=3),
    "a frozen dataclass": Frozen(7),
    "a dataclass with slots": SlottedSetting(8),
    "members of enumerations": [Mode.FAST, Mode.SLOW.shown(), Level.LOW],
    "a flag": Rights.READ | Rights.WRITE,
    "a named tuple": Point(1, 2),
    "a typed named tuple": Typed(1),
    "an exception": Problem("too much"),
    "a function": greeting,
    "a closure": counter(1),
    "a lambda": lambda: [Mode.FAST, greeting("eve")],
    "a method": Plain(9).of,
    "a class": Plain,
    "a dataclass itself": Setting,
}


def told(value):
    """What can be said of a value; a function is called."""
    if isinstance(value, type):
        return f"{value.__name__}: {value(4)!r}"
    if hasattr(value, "__self__"):
        return repr(value(4))
    return repr(value() if callable(value) else value)
