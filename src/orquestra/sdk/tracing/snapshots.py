"""Values given to task calls, kept as they were at the moment of the call.

A program may change a list or a dictionary after it has given it to a task; the call keeps what
it was given. What nobody can change is kept as it is, everything else is serialised at once. An
object given to several calls, unchanged in between, is one constant.

An object that has to do with the module of its task is serialised as the task's function is, with
what that module defines in it: the other end may not have the module, and a class that function
and object have in common has to be one class there.

A list, a tuple or a dictionary that holds results of tasks or secrets, at any depth, becomes a
collection: what is known of it becomes constants, and the task gets it put together again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from operator import is_
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary, WeakValueDictionary

from orquestra.sdk.secret import Secret
from orquestra.sdk.tracing.futures import ArtifactFuture

if TYPE_CHECKING:
    from orquestra.sdk.values import SerializedValue

PREVIEW_LENGTH = 12
MOST_LEVELS = 100
"""So many containers with results may lie in each other: where they run, reading them recurses."""

_COMPARED_BY_VALUE = frozenset({str, int, bool, bytes, type(None)})
_COMPARED_BY_TEXT = frozenset({float, complex})
"""Their texts tell 0.0 and -0.0 apart, and find NaN again."""
_UNCHANGING = _COMPARED_BY_VALUE | _COMPARED_BY_TEXT


@dataclass(frozen=True, kw_only=True, eq=False, slots=True, weakref_slot=True)
class Constant:
    """A value known when a workflow is built.

    `serialized` and `preview` are None where the value cannot change, and where it could not be
    serialised at the time of the call. `by_value` is another form of it, for tasks that travel
    with their own module, where the value has to do with that module. `items` are those of a list
    at the time of the call, if none of them can change.
    """

    value: Any
    value_key: Any = None
    serialized: "SerializedValue | None" = None
    by_value: "SerializedValue | None" = None
    preview: str | None = None
    items: tuple[Any, ...] | None = None

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

_WITHOUT_MODULE = frozenset({None, "__main__"})
"""What the main program defines is never named."""
_NOT_KNOWN_YET = frozenset({ArtifactFuture, Secret})
_CONTAINERS = frozenset({list, tuple, dict})
"""Their subclasses, like named tuples, would not come back as what they are."""

_constants: "WeakValueDictionary[tuple[int, str | None], Constant]" = WeakValueDictionary()
"""The last constant of each object, by the object's id, which a constant keeps from reuse, and by
the module whose definitions are in it."""
_collections: "WeakValueDictionary[int, Collection]" = WeakValueDictionary()
"""The same for collections."""
_fingerprints: "WeakKeyDictionary[Constant, str | None]" = WeakKeyDictionary()
"""Of constants with code in them that tasks with `cache` were given."""

_OF_CODE = b"cloudpickle.cloudpickle"
"""Is in all pickles that hold code."""


class SecretNotAValueError(Exception):
    """A secret was about to be pickled as a part of another value."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def as_inputs(
    values: Iterable[Any],
    *,
    module: str | None = None,
    cached: Callable[..., Any] | None = None,
) -> tuple[Input, ...]:
    """The arguments of a call, or the outputs of a workflow, as a graph holds them.

    `module` is that of the task, if its function may travel with it. `cached` is the function of a
    task whose results are used again.
    """
    place = _Place(module=module, cached=cached, made={}, level=1)
    return tuple(_outermost(value, place) for value in values)


def serialized_by_name(value: Any) -> "SerializedValue":
    """A value as bytes that name the modules of the user, apart from the main program.

    Raises whatever the value's own pickling raises.
    """
    from orquestra.sdk.values import serialize

    return serialize(value, pickled=_pickled_by_name)


def fingerprint_of(constant: Constant, *, serialized: "SerializedValue") -> str | None:
    """What tells a constant from others in place of its bytes; None where these do."""
    return _fingerprints.get(constant) if _OF_CODE in serialized.data else None


def constants_in(inputs: Iterable[Input]) -> set[Constant]:
    """All constants among inputs, and at any depth of collections."""
    waiting, met = [*inputs], set[Constant | Collection]()
    while waiting:
        each = waiting.pop()
        if isinstance(each, Constant | Collection) and each not in met:
            met.add(each)
            waiting += each.parts() if isinstance(each, Collection) else ()
    return {each for each in met if isinstance(each, Constant)}


def is_deep(value: Any) -> bool:
    """Whether more than `MOST_LEVELS` containers lie in each other."""
    return type(value) in _CONTAINERS and any(islice(_levels(value), MOST_LEVELS, None))


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where in the arguments of a call a value stands, and of which task: see `as_inputs`.

    `made` are the collections made before for the same call, by the ids of their values.
    """

    module: str | None
    cached: Callable[..., Any] | None
    made: dict[int, Collection]
    level: int


def _outermost(value: Any, place: _Place) -> Input:
    try:
        return _input(value, place)
    except RecursionError:  # building refuses it, if the call is part of the workflow
        return Constant(value=value)


def _input(value: Any, place: _Place) -> Input:
    kind = type(value)
    if kind in _NOT_KNOWN_YET:
        return value  # type: ignore[no-any-return]  # one of the two types
    if kind in _CONTAINERS:
        known = _unchanged(value) or place.made.get(id(value))
        if known is not None:
            return known
        if _holds_unknown(value):
            return _collection(value, place)
    value_key = _value_key(value)
    if value_key is None:
        return _snapshot(value, place)
    constant = Constant(value=value, value_key=value_key)
    if kind in _CONTAINERS:
        _constants[id(value), None] = constant
    return constant


def _unchanged(container: Any) -> Constant | None:
    """The last constant of a container, where a look at its elements shows that it still holds."""
    known = _constants.get((id(container), None))
    if known is None or known.value_key is not None:
        return known
    items = known.items
    is_same = items is not None and len(items) == len(container)
    return known if is_same and all(map(is_, container, items or ())) else None


def _holds_unknown(container: Any) -> bool:
    """Whether plain containers hold a future or a secret, at any depth."""
    kinds = set(map(type, container.values() if type(container) is dict else container))
    if kinds.isdisjoint(_CONTAINERS):  # the most frequent, and quicker so
        return not kinds.isdisjoint(_NOT_KNOWN_YET)
    return any(
        not _NOT_KNOWN_YET.isdisjoint(map(type, items))
        for level in _levels(container)
        for items in level
    )


def _levels(container: Any) -> Iterator[list[Iterable[Any]]]:
    """What a plain container holds, then what the ones in it hold, and so on, each once."""
    level, seen = [container], {id(container)}
    while level:
        contents = [each.values() if type(each) is dict else each for each in level]
        yield contents
        level = []
        for items in contents:
            if not _CONTAINERS.isdisjoint(map(type, items)):
                inner = {id(item): item for item in items if type(item) in _CONTAINERS}
                level += [item for key, item in inner.items() if key not in seen]
                seen.update(inner)


def _collection(value: Any, place: _Place) -> Collection | Constant:
    """A constant where it cannot be one, which building refuses if it is part of the workflow."""
    if place.level > MOST_LEVELS:  # or it contains itself
        raise RecursionError
    is_dict = type(value) is dict
    inside = replace(place, level=place.level + 1)
    inputs = partial(_input, place=inside)
    keys = [key for key in map(inputs, value if is_dict else ()) if isinstance(key, Constant)]
    items = tuple(map(inputs, value.values() if is_dict else value))
    if is_dict and len(keys) < len(items):  # a future is a key
        return Constant(value=value)
    collection = _collections.get(id(value))
    if collection is None or not _are_alike((*keys, *items), collection.parts()):
        collection = Collection(kind=type(value), value=value, items=items, keys=tuple(keys))
        _collections[id(value)] = collection
    place.made[id(value)] = collection
    return collection


def _are_alike(inputs: Iterable[Input], others: Iterable[Input]) -> bool:
    return [*map(_identity, inputs)] == [*map(_identity, others)]


def _identity(value: Input) -> Any:
    if isinstance(value, Constant):
        return value.key
    return value if isinstance(value, Secret) else id(value)


def _snapshot(value: Any, place: _Place) -> Constant:
    try:
        serialized = serialized_by_name(value)
    except Exception:  # noqa: BLE001 - building tells it, if the call is part of the workflow
        return Constant(value=value)
    by_value = _by_value(value, serialized=serialized, module=place.module)
    constant = _constant(value, serialized=serialized, by_value=by_value, module=place.module)
    has_code = _OF_CODE in (by_value or serialized).data
    if place.cached is not None and has_code and constant not in _fingerprints:
        from orquestra.sdk.code.fingerprints import value_fingerprint

        _fingerprints[constant] = value_fingerprint(value, place.cached)
    return constant


def _constant(
    value: Any,
    *,
    serialized: "SerializedValue",
    by_value: "SerializedValue | None",
    module: str | None,
) -> Constant:
    """The last constant of an object, if that is unchanged; else a new one."""
    key = id(value), module if by_value else None
    known = _constants.get(key)
    if known is not None and (known.serialized, known.by_value) == (serialized, by_value):
        return known
    constant = Constant(
        value=value,
        serialized=serialized,
        by_value=by_value,
        preview=preview(value),
        items=_unchanging_items(value),
    )
    _constants[key] = constant
    return constant


def _by_value(
    value: Any, *, serialized: "SerializedValue", module: str | None
) -> "SerializedValue | None":
    """The value with what the module defines; None where it has nothing to do with the module."""
    if module in _WITHOUT_MODULE or str(module).encode() not in serialized.data:
        return None

    from orquestra.sdk.code.by_value import dumps
    from orquestra.sdk.schema import ir

    if serialized.format is not ir.ArtifactFormat.ENCODED_PICKLE:
        return None
    try:
        data = dumps(value, module=module)
    except Exception:  # noqa: BLE001 - the module may be installed at the other end
        return None
    return None if data == serialized.data else replace(serialized, data=data)


def _pickled_by_name(value: Any) -> bytes:
    from orquestra.sdk.code.by_value import dumps

    return dumps(value, module=None, check=_refuse_secret)


def _refuse_secret(value: Any) -> None:
    if issubclass(type(value), Secret):
        raise SecretNotAValueError(value.name)


def _unchanging_items(value: Any) -> tuple[Any, ...] | None:
    if type(value) is not list or not _UNCHANGING.issuperset(map(type, value)):
        return None
    return tuple(value)
