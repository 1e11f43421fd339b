"""Values given to task calls, kept as they were at the moment of the call.

A program may change a list or a dictionary after it has given it to a task; the call keeps what
it was given. What nobody can change is kept as it is, everything else is serialised at once. An
object given to several calls, unchanged in between, is one constant.

A list, a tuple or a dictionary that holds results of tasks or secrets, at any depth, becomes a
collection: what is known of it becomes constants, and the task gets it put together again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakValueDictionary

from orquestra.sdk.secret import Secret
from orquestra.sdk.tracing.futures import ArtifactFuture

if TYPE_CHECKING:
    from orquestra.sdk.values import SerializedValue

PREVIEW_LENGTH = 12

_COMPARED_BY_VALUE = frozenset({str, int, bool, bytes, type(None)})
_COMPARED_BY_TEXT = frozenset({float, complex})
"""Their texts tell 0.0 and -0.0 apart, and find NaN again."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True, weakref_slot=True)
class Constant:
    """A value known when a workflow is built.

    `serialized` and `preview` are None where the value cannot change, and where it could not be
    serialised at the time of the call.
    """

    value: Any
    value_key: Any = None
    serialized: "SerializedValue | None" = None
    preview: str | None = None

    @property
    def key(self) -> Any:
        """Equal for constants that may share a node: 1, 1.0 and True may not."""
        return id(self) if self.value_key is None else self.value_key


@dataclass(frozen=True, kw_only=True, eq=False, slots=True, weakref_slot=True)
class Collection:
    """A list, tuple or dictionary that holds what is not known when a workflow is built.

    `kind` is its type and `value` the object itself, which has to stay as long as this does.
    `keys` are those of a dictionary.
    """

    kind: type
    value: Any
    items: "tuple[Input, ...]"
    keys: tuple[Constant, ...] = ()

    def parts(self) -> "tuple[Input, ...]":
        """What it is made of, in the order in which it stands there: keys first."""
        return (*self.keys, *self.items)


Input: TypeAlias = ArtifactFuture[Any] | Constant | Secret | Collection

_NOT_KNOWN_YET = frozenset({ArtifactFuture, Secret})
_CONTAINERS = frozenset({list, tuple, dict})
"""Their subclasses, like named tuples, would not come back as what they are."""

_serialized: "WeakValueDictionary[int, Constant]" = WeakValueDictionary()
"""The last constant of each object, by the object's id, which a constant keeps from reuse."""
_collections: "WeakValueDictionary[int, Collection]" = WeakValueDictionary()
"""The same for collections."""


def as_input(value: Any) -> Input:
    """An argument of a call, or an output of a workflow, as a graph holds it."""
    if type(value) in _NOT_KNOWN_YET:
        return value  # type: ignore[no-any-return]  # one of the two types
    value_key = _value_key(value)
    if value_key is not None:
        return Constant(value=value, value_key=value_key)
    if type(value) in _CONTAINERS and _holds_unknown(value):
        return _collection(value)
    return _snapshot(value)


def preview(value: Any) -> str:
    """The start of a value's text; its type where it has none."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - an object of the user can raise anything
        text = f"<{type(value).__name__}>"
    return text[:PREVIEW_LENGTH]


def _value_key(value: Any) -> Any:
    """A key for values that are compared by value; None for all others.

    Types are taken exactly: a subclass, like any type of the user, may call different things
    equal, may change, and may raise when it is compared.
    """
    kind = type(value)
    if kind in _COMPARED_BY_VALUE:
        return kind, value
    if kind in _COMPARED_BY_TEXT:
        return kind, repr(value)
    if kind is tuple or kind is frozenset:
        keys = [_value_key(item) for item in value]
        return None if None in keys else (kind, kind(keys))
    return None


def _holds_unknown(container: Any) -> bool:
    """Whether plain containers hold a future or a secret, at any depth."""
    waiting, seen = [container], {id(container)}
    while waiting:
        container = waiting.pop()
        items = container.values() if type(container) is dict else container
        kinds = set(map(type, items))
        if kinds & _NOT_KNOWN_YET:
            return True
        if kinds & _CONTAINERS:
            inner = [item for item in items if type(item) in _CONTAINERS and id(item) not in seen]
            seen.update(map(id, inner))
            waiting += inner
    return False


def _collection(value: Any) -> Collection | Constant:
    """A constant where it cannot be one, which building refuses if it is part of the workflow."""
    is_dict = type(value) is dict
    try:
        keys = [key for key in map(as_input, value if is_dict else ()) if isinstance(key, Constant)]
        items = tuple(map(as_input, value.values() if is_dict else value))
    except RecursionError:  # it contains itself
        return Constant(value=value)
    if is_dict and len(keys) < len(items):  # a future is a key
        return Constant(value=value)
    known = _collections.get(id(value))
    if known is not None and _are_alike((*keys, *items), known.parts()):
        return known
    collection = Collection(kind=type(value), value=value, items=items, keys=tuple(keys))
    _collections[id(value)] = collection
    return collection


def _are_alike(inputs: Iterable[Input], others: Iterable[Input]) -> bool:
    return [*map(_identity, inputs)] == [*map(_identity, others)]


def _identity(value: Input) -> Any:
    if isinstance(value, Constant):
        return value.key
    return value if isinstance(value, Secret) else id(value)


def _snapshot(value: Any) -> Constant:
    from orquestra.sdk.values import serialize

    try:
        serialized = serialize(value)
    except Exception:  # noqa: BLE001 - building tells it, if the call is part of the workflow
        return Constant(value=value)
    known = _serialized.get(id(value))
    if known is not None and known.serialized == serialized:
        return known
    constant = Constant(value=value, serialized=serialized, preview=preview(value))
    _serialized[id(value)] = constant
    return constant
