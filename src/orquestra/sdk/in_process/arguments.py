"""The arguments of tasks, read anew for each call from the values of a run."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any

from orquestra.sdk.evaluation import gather
from orquestra.sdk.schema import ir
from orquestra.sdk.values import SerializedValue, deserialize, from_wire, serialize


class Arguments:
    """What argument ids of a definition stand for, as far as tasks have run."""

    def __init__(
        self,
        definition: ir.WorkflowDef,
        *,
        values: Mapping[ir.ArtifactNodeId, SerializedValue],
        secrets: Mapping[str, str],
    ) -> None:
        """`values` are those of artifacts, filled as tasks run; `secrets` are by node."""
        self._definition = definition
        self._values = values
        self._secrets = secrets
        self._digests: dict[str, bytes] = {}

    def read(self, argument_id: str) -> Any:
        """A value of its own: no other task sees what becomes of it."""
        return self._read(argument_id, made={})

    def _read(self, argument_id: str, *, made: dict[str, Any]) -> Any:
        """A collection that is in several places of an argument is one object, as it was given."""
        collection = self._collection(argument_id)
        if collection is None:
            return deserialize(self._stored(argument_id))
        if argument_id not in made:
            read = partial(self._read, made=made)
            made[argument_id] = gather(
                collection.type,
                items=map(read, collection.items),
                keys=map(read, collection.keys),
            )
        return made[argument_id]

    def stored(self, argument_id: str) -> SerializedValue:
        """The value as bytes."""
        if self._collection(argument_id) is None:
            return self._stored(argument_id)
        return serialize(self.read(argument_id))

    def digestible(self, argument_id: str) -> Iterable[bytes]:
        """Bytes that are equal for equal arguments."""
        collection = self._collection(argument_id)
        if collection is None:
            yield from self._digestible_leaf(argument_id)
        else:
            yield self._digest_of(argument_id, collection)

    def _digest_of(self, argument_id: str, collection: ir.CollectionNode) -> bytes:
        """Computed once: collections share parts, and maps ask for each of their elements."""
        if argument_id not in self._digests:
            digest = hashlib.sha256(f"{collection.type.value} {len(collection.items)}".encode())
            for item in [*collection.keys, *collection.items]:
                for part in self.digestible(item):
                    digest.update(hashlib.sha256(part).digest())
            self._digests[argument_id] = digest.digest()
        return self._digests[argument_id]

    def _digestible_leaf(self, argument_id: str) -> Iterable[bytes]:
        node = self._definition.constant_nodes.get(ir.ConstantNodeId(argument_id))
        if isinstance(node, ir.ConstantNodePickle) and node.fingerprint is not None:
            return [b"fingerprint", node.fingerprint.encode(), self._digest_of_modules]
        if argument_id in self._secrets:  # by its name, as on an engine: see `executor.digests`
            secret = self._definition.secret_nodes[ir.SecretNodeId(argument_id)]
            return [b"secret", secret.model_dump_json(exclude={"id"}).encode()]
        return self.digestible_value(self._stored(argument_id))

    def digestible_value(self, value: SerializedValue) -> Iterable[bytes]:
        """Bytes that are equal for equal values.

        What is pickled may name code of local modules, so all of these count then.
        """
        yield value.format.value.encode()
        yield value.data
        if value.format is ir.ArtifactFormat.ENCODED_PICKLE:
            yield self._digest_of_modules

    @cached_property
    def _digest_of_modules(self) -> bytes:
        files = sorted(self._definition.source_files.items())
        return hashlib.sha256(json.dumps(files).encode()).digest()

    def _collection(self, argument_id: str) -> ir.CollectionNode | None:
        return self._definition.collection_nodes.get(ir.CollectionNodeId(argument_id))

    def _stored(self, argument_id: str) -> SerializedValue:
        if argument_id in self._secrets:
            return serialize(self._secrets[argument_id])
        constant = self._definition.constant_nodes.get(ir.ConstantNodeId(argument_id))
        if constant is None:
            return self._values[ir.ArtifactNodeId(argument_id)]
        return from_wire(constant)


def call_with(
    invocation: ir.TaskInvocation, read: Callable[[int | str, str], Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Arguments and keyword arguments; `read` is given position or name, and the argument's id."""
    return (
        [read(position, of) for position, of in enumerate(invocation.args_ids)],
        {name: read(name, of) for name, of in invocation.kwargs_ids.items()},
    )
