"""Values given to task calls, kept as they were at the moment of the call.

A program may change a list or a dictionary after it has given it to a task; the call keeps what
it was given. What nobody can change is kept as it is, everything else is serialised at once. An
object given to several calls, unchanged in between, is one constant.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from orquestra.sdk.futures import ArtifactFuture

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


_serialized: "WeakValueDictionary[int, Constant]" = WeakValueDictionary()
"""The last constant of each object, by the object's id, which a constant keeps from reuse."""


def as_input(value: Any) -> "ArtifactFuture[Any] | Constant":
    """An argument of a call, or an output of a workflow, as a graph holds it."""
    if isinstance(value, ArtifactFuture):
        return value
    value_key = _value_key(value)
    return _snapshot(value) if value_key is None else Constant(value=value, value_key=value_key)


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
