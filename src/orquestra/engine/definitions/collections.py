"""Whether the collections of a definition can be built."""

from orquestra.engine.definitions.problems import require
from orquestra.engine.errors import InvalidDefinition
from orquestra.sdk.schema import ir


def check_collections(definition: ir.WorkflowDef) -> None:
    """Make sure that collections have ids of their own and the keys that they need.

    That their items are known, and that none contains itself, is a matter of the whole graph.

    Raises:
        InvalidDefinition: The first problem found.
    """
    for node in definition.collection_nodes.values():
        require(
            definition,
            holds=not _is_taken(definition, node.id),
            problem=f"{node.id!r} is the id of a collection and of something else",
        )
        wanted = len(node.items) if node.type is ir.CollectionType.DICT else 0
        require(
            definition,
            holds=len(node.keys) == wanted,
            problem=(
                f"the {node.type.value.lower()} {node.id!r} of {len(node.items)} items has "
                f"{len(node.keys)} keys"
            ),
        )
    for output_id in definition.output_ids:
        if output_id in definition.collection_nodes:
            raise InvalidDefinition(
                f"The workflow {definition.name!r} returns the collection {output_id!r}, but its "
                "results are single values; return the items one by one, or what a task makes "
                "of them."
            )


def _is_taken(definition: ir.WorkflowDef, node_id: str) -> bool:
    return any(
        node_id in nodes
        for nodes in (
            definition.artifact_nodes,
            definition.constant_nodes,
            definition.secret_nodes,
            definition.task_invocations,
        )
    )
