"""Whether a workflow definition makes sense as a graph, so that no run of it can wait forever."""

import graphlib
from collections.abc import Iterable, Iterator

from orquestra.engine.errors import InvalidDefinition
from orquestra.sdk.schema import ir

_ADVICE = "submit it again with the SDK that wrote it, it has been damaged or edited"


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
    _check_order(definition, origins=origins)


def _check_keys(definition: ir.WorkflowDef) -> None:
    for nodes in (
        definition.imports,
        definition.tasks,
        definition.artifact_nodes,
        definition.constant_nodes,
        definition.secret_nodes,
        definition.task_invocations,
    ):
        for key, node in nodes.items():
            _require(
                definition, holds=key == node.id, problem=f"{node.id!r} is filed as {str(key)!r}"
            )


def _check_tasks(definition: ir.WorkflowDef) -> None:
    for task in definition.tasks.values():
        for import_id in (task.source_import_id, *(task.dependency_import_ids or ())):
            _require(
                definition,
                holds=import_id in definition.imports,
                problem=f"task {task.id!r} needs the import {import_id!r}, which is not there",
            )
    for invocation in definition.task_invocations.values():
        _require(
            definition,
            holds=invocation.task_id in definition.tasks,
            problem=f"{invocation.id!r} calls the task {invocation.task_id!r}, which is not there",
        )


def _origins(definition: ir.WorkflowDef) -> dict[str, ir.TaskInvocationId]:
    """Which invocation produces each artifact."""
    origins: dict[str, ir.TaskInvocationId] = {}
    for invocation in definition.task_invocations.values():
        for artifact_id in invocation.output_ids:
            _require(
                definition,
                holds=artifact_id in definition.artifact_nodes,
                problem=f"{invocation.id!r} produces {artifact_id!r}, which is not there",
            )
            _require(
                definition,
                holds=artifact_id not in origins,
                problem=f"{artifact_id!r} is produced twice",
            )
            origins[artifact_id] = invocation.id
    return origins


def _check_values(definition: ir.WorkflowDef, *, origins: dict[str, ir.TaskInvocationId]) -> None:
    known = origins.keys() | definition.constant_nodes.keys() | definition.secret_nodes.keys()
    for user, value_id in _uses(definition):
        _require(
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
    for value_id in definition.output_ids:
        yield "the workflow's result", value_id


def _check_order(definition: ir.WorkflowDef, *, origins: dict[str, ir.TaskInvocationId]) -> None:
    sorter = graphlib.TopologicalSorter(
        {
            invocation.id: _predecessors(invocation.argument_ids(), origins=origins)
            for invocation in definition.task_invocations.values()
        }
    )
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        cycle = " -> ".join(error.args[1])
        _require(definition, holds=False, problem=f"tasks wait for each other ({cycle})")


def _predecessors(
    argument_ids: Iterable[str], *, origins: dict[str, ir.TaskInvocationId]
) -> set[ir.TaskInvocationId]:
    return {origins[value_id] for value_id in argument_ids if value_id in origins}


def _require(definition: ir.WorkflowDef, *, holds: bool, problem: str) -> None:
    if not holds:
        raise InvalidDefinition(
            f"The definition of workflow {definition.name!r} can never run: {problem}; {_ADVICE}."
        )
