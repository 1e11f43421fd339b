"""What tasks are given that no task makes: constants, secrets, and collections of all kinds."""

from collections.abc import Callable
from typing import Any

from orquestra.sdk.schema import ir
from orquestra.sdk.secret import Secret, secret_node
from orquestra.sdk.tracing.constants import Constants, Use
from orquestra.sdk.tracing.numbering import Numbering
from orquestra.sdk.tracing.snapshots import Collection, Constant, Input

_TYPES: dict[type, ir.CollectionType] = {
    list: ir.CollectionType.LIST,
    tuple: ir.CollectionType.TUPLE,
    dict: ir.CollectionType.DICT,
}

Data = Constant | Secret | Collection


class DataNodes:
    """The constants, secrets and collections of one workflow, numbered as they are met."""

    def __init__(self) -> None:
        self.constants = Constants()
        self._secrets: dict[Secret, None] = {}
        self._secret_ids = Numbering("secret")
        self._collections: dict[Collection, ir.CollectionNodeId] = {}

    def add(self, data: Data, *, use: Use) -> tuple[Input, ...]:
        """Meet something; what comes back is inside of it and has to be met as well."""
        if isinstance(data, Constant):
            self.constants.add(data, use=use)
        elif isinstance(data, Secret):
            self._secret_ids.meet(data)
            self._secrets[data] = None
        elif data not in self._collections:
            self._collections[data] = ir.CollectionNodeId(f"collection-{len(self._collections)}")
            return data.parts()
        return ()

    def __contains__(self, data: Data) -> bool:
        if isinstance(data, Constant):
            return data in self.constants
        return data in (self._secrets if isinstance(data, Secret) else self._collections)

    def id_of(self, data: Data) -> str:
        """The node of something that was met."""
        if isinstance(data, Constant):
            return self.constants.id_of(data)
        return self._secret_ids[data] if isinstance(data, Secret) else self._collections[data]

    def secret_nodes(self) -> dict[ir.SecretNodeId, ir.SecretNode]:
        """All secrets, in the order in which they were first met."""
        nodes = (secret_node(secret, node_id=self.id_of(secret)) for secret in self._secrets)
        return {node.id: node for node in nodes}

    def collection_nodes(
        self, argument_id: Callable[[Any], str]
    ) -> dict[ir.CollectionNodeId, ir.CollectionNode]:
        """All collections; `argument_id` gives the node of anything that is inside of one."""
        return {
            node_id: ir.CollectionNode(
                id=node_id,
                type=_TYPES[collection.kind],
                items=list(map(argument_id, collection.items)),
                keys=list(map(argument_id, collection.keys)),
            )
            for collection, node_id in self._collections.items()
        }
