"""Whether a workflow definition makes sense as a graph, so that no run of it can wait forever."""

import graphlib
from collections.abc import Iterable, Iterator, Mapping

from orquestra.engine.definitions.collections import check_collections
from orquestra.engine.definitions.maps import check_maps
from orquestra.engine.definitions.policies import check_policies
from orquestra.engine.definitions.problems import require
from orquestra.engine.definitions.source_files import check_source_files
from orquestra.engine.errors import InvalidDefinition
from orquestra.sdk.schema import ir


def check_definition(definition: ir.WorkflowDef) -> None:
    """Make sure that all ids are known, all values have one origin, and nothing waits for itself.

    Raises:
        InvalidDefinition: The first problem found, in one sentence.
    """
    if not definition.task_invocations:
        raise InvalidDefinition(
            f"The workflow {definition.name!r} calls no task, so there is nothing to run; "
            "let its function call at least one function marked @sdk.task."
        )
    _check_keys(definition)
    _check_tasks(definition)
    origins = _origins(definition)
    _check_values(definition, origins=origins)
    _check_results(definition)
    check_collections(definition)
    _check_order(definition, origins=origins)
    check_maps(definition)
    check_policies(definition)
    check_source_files(definition)


def _check_keys(definition: ir.WorkflowDef) -> None:
    for nodes in (
        definition.imports,
        definition.tasks,
        definition.artifact_nodes,
        definition.constant_nodes,
        definition.secret_nodes,
        definition.collection_nodes,
        definition.task_invocations,
    ):
        for key, node in nodes.items():
            require(
                definition, holds=key == node.id, problem=f"{node.id!r} is filed as {str(key)!r}"
            )


def _check_tasks(definition: ir.WorkflowDef) -> None:
    for task in definition.tasks.values():
        for import_id in (task.source_import_id, *(task.dependency_import_ids or ())):
            require(
                definition,
                holds=import_id in definition.imports,
                problem=f"task {task.id!r} needs the import {import_id!r}, which is not there",
            )
    for invocation in definition.task_invocations.values():
        require(
            definition,
            holds=invocation.task_id in definition.tasks,
            problem=f"{invocation.id!r} calls the task {invocation.task_id!r}, which is not there",
        )


def _origins(definition: ir.WorkflowDef) -> dict[str, ir.TaskInvocationId]:
    """Which invocation produces each artifact."""
    origins: dict[str, ir.TaskInvocationId] = {}
    for invocation in definition.task_invocations.values():
        for artifact_id in invocation.output_ids:
            require(
                definition,
                holds=artifact_id in definition.artifact_nodes,
                problem=f"{invocation.id!r} produces {artifact_id!r}, which is not there",
            )
            require(
                definition,
                holds=artifact_id not in origins,
                problem=f"{artifact_id!r} is produced twice",
            )
            origins[artifact_id] = invocation.id
    return origins


def _check_values(definition: ir.WorkflowDef, *, origins: dict[str, ir.TaskInvocationId]) -> None:
    known = {
        *origins,
        *definition.constant_nodes,
        *definition.secret_nodes,
        *definition.collection_nodes,
    }
    for user, value_id in _uses(definition):
        require(
            definition,
            holds=value_id in known,
            problem=f"{user} needs the value {value_id!r}, which nothing produces",
        )


def _check_results(definition: ir.WorkflowDef) -> None:
    for output_id in definition.output_ids:
        secret = definition.secret_nodes.get(ir.SecretNodeId(output_id))
        if secret is not None:
            raise InvalidDefinition(
                f"The workflow {definition.name!r} returns the secret {secret.secret_name!r}, "
                "but the value of a secret never leaves the server; give it to a task, and "
                "return what the task makes of it."
            )


def _uses(definition: ir.WorkflowDef) -> Iterator[tuple[str, str]]:
    for invocation in definition.task_invocations.values():
        for value_id in invocation.argument_ids():
            yield repr(str(invocation.id)), value_id
    for collection in definition.collection_nodes.values():
        for value_id in _parts(collection):
            yield repr(str(collection.id)), value_id
    for value_id in definition.output_ids:
        yield "the workflow's result", value_id


def _check_order(definition: ir.WorkflowDef, *, origins: Mapping[str, ir.TaskInvocationId]) -> None:
    """Collections stand in the order themselves: each is gone through once, whoever takes it."""
    before: dict[str, set[str]] = {
        invocation.id: _predecessors(invocation.argument_ids(), definition, origins=origins)
        for invocation in definition.task_invocations.values()
    }
    for node in definition.collection_nodes.values():
        before[node.id] = _predecessors(_parts(node), definition, origins=origins)
    try:
        graphlib.TopologicalSorter(before).prepare()
    except graphlib.CycleError as error:
        cycle = " -> ".join(error.args[1])
        require(definition, holds=False, problem=f"tasks wait for each other ({cycle})")


def _predecessors(
    value_ids: Iterable[str],
    definition: ir.WorkflowDef,
    *,
    origins: Mapping[str, ir.TaskInvocationId],
) -> set[str]:
    """What must be there before a value of these can be made: invocations and collections."""
    collections = definition.collection_nodes
    return {
        origins.get(value_id, value_id)
        for value_id in value_ids
        if value_id in origins or value_id in collections
    }


def _parts(collection: ir.CollectionNode) -> list[str]:
    return [*collection.keys, *collection.items]
