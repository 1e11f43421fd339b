"""What a worker reads for its calls: arguments from messages, the exchange, and its own memory."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orquestra.executor.exchange import Exchange, SegmentWriter, decode, encode
from orquestra.executor.protocol import Argument, Bundle, Constant, Gathered, Item, Own, Secret
from orquestra.executor.secret_access import RunSecrets
from orquestra.sdk import evaluation
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location
from orquestra.sdk.values import SerializedValue, deserialize

_MOST_BYTES = 16 << 20
"""Of sequences, as they lie in the exchange, that are kept in memory for calls that follow."""

_EACH = 1 << 10
"""What the shortest sequence counts."""

_UNCHANGEABLE = frozenset({bool, int, float, str, bytes, type(None)})


class Sequences:
    """Sequences of which calls have taken elements, kept for the elements that follow.

    Those of the present call are always kept; of others only the latest ones.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Constant | Location, Any] = OrderedDict()
        self._bytes = 0
        self._needed = 0

    def expect(self, arguments: Iterable[Argument]) -> None:
        """A call with these arguments follows."""
        needed = {argument.sequence for argument in arguments if isinstance(argument, Item)}
        self._needed = len(needed)
        for source in needed:
            if source in self._known:
                self._known.move_to_end(source)

    def get(self, source: Constant | Location, read: Callable[[Constant | Location], Any]) -> Any:
        """A sequence; `read` reads it where it is not known."""
        if source not in self._known:
            self._known[source] = read(source)
            self._bytes += _size(source)
            while self._bytes > _MOST_BYTES and len(self._known) > max(1, self._needed):
                oldest, _ = self._known.popitem(last=False)
                self._bytes -= _size(oldest)
        return self._known[source]


@dataclass(frozen=True, kw_only=True)
class RunValues:
    """The values of one run as its worker has them: its writer, and where those lie it made."""

    writer: SegmentWriter
    secrets: RunSecrets = field(default_factory=lambda: RunSecrets(None))
    own: dict[ir.ArtifactNodeId, Location] = field(default_factory=dict)
    sequences: Sequences = field(default_factory=Sequences)


class Inputs:
    """Reads arguments. Every call gets objects of its own, which its task may change."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def read(self, argument: Argument, run: RunValues) -> Any:
        """The value of an argument.

        Raises:
            OSError: it is not there.
            SecretProblem: it is a secret that cannot be read.
            Exception: whatever its unpickling raises.
        """
        if isinstance(argument, Constant):
            constant_format, data = argument
            return deserialize(SerializedValue(format=constant_format, data=data))
        if isinstance(argument, Location):
            return self._exchange.read(argument)
        if isinstance(argument, Own):
            return self._read_own(argument, run)
        if isinstance(argument, Item):
            return self._read_item(argument, run)
        if isinstance(argument, Secret):
            return run.secrets.read(argument)
        return self._build(argument, run, known={})

    def countable(self, argument: Argument, run: RunValues) -> Any:
        """A sequence that is as long as the value of an argument; collections are not built."""
        if isinstance(argument, Gathered | Bundle):
            gathered = self._unbundled(argument)
            return {} if gathered.kind is ir.CollectionType.DICT else range(len(gathered.items))
        return self.read(argument, run)

    def _read_own(self, argument: Own, run: RunValues) -> Any:
        location = run.own[argument.artifact_id]
        pending = run.writer.pending(location)
        if pending is None:
            return self._exchange.read(location)
        return decode(location.format, pending)

    def _read_item(self, argument: Item, run: RunValues) -> Any:
        sequence = run.sequences.get(argument.sequence, lambda source: self.read(source, run))
        item = evaluation.map_element(sequence, argument.at)
        if type(item) in _UNCHANGEABLE:
            return item
        # The sequence stays in memory, and other elements may be parts of the same object.
        encoded = encode(item)
        return decode(encoded.format, b"".join(encoded.parts))

    def _unbundled(self, argument: Gathered | Bundle) -> Gathered:
        if isinstance(argument, Gathered):
            return argument
        gathered: Gathered = self._exchange.read(argument.location)
        return gathered

    def _build(
        self, source: Gathered | Bundle, run: RunValues, *, known: "dict[int, tuple[Any, Any]]"
    ) -> Any:
        """Build a collection; one that is in several places is one object, as in the workflow.

        `known` holds what was built before, and the argument it was built of, so that the id of
        that stays its own.
        """

        def value(argument: Argument) -> Any:
            if not isinstance(argument, Gathered | Bundle):
                return self.read(argument, run)
            if id(argument) not in known:
                known[id(argument)] = argument, self._build(argument, run, known=known)
            return known[id(argument)][1]

        gathered = self._unbundled(source)
        return evaluation.gather(
            gathered.kind, items=map(value, gathered.items), keys=map(value, gathered.keys)
        )


def _size(source: Constant | Location) -> int:
    return _EACH + (len(source.data) if isinstance(source, Constant) else source.size)


def named(keywords: Mapping[str, Any]) -> dict[int | str, Any]:
    """Arguments that a map goes over, by position where they have one, else by name."""
    return {int(name) if name.isdecimal() else name: each for name, each in keywords.items()}
