"""The order in which the invocations of a workflow definition can run."""

from graphlib import CycleError, TopologicalSorter

from orquestra.sdk.exceptions import InvalidWorkflowDefinitionError
from orquestra.sdk.schema import ir


def in_order(definition: ir.WorkflowDef) -> list[ir.TaskInvocationId]:
    """All invocations, each after those whose results it needs.

    Invocations are numbered from the last output of the workflow on; those that do not need each
    other come the other way round, which is mostly the order of the user's program.

    Raises:
        InvalidWorkflowDefinitionError: invocations wait for each other.
    """
    producers = definition.producers()
    sorter: TopologicalSorter[ir.TaskInvocationId] = TopologicalSorter()
    for invocation in reversed(definition.task_invocations.values()):
        sorter.add(invocation.id, *needed_by(invocation, definition=definition, of=producers))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        raise InvalidWorkflowDefinitionError(
            f"The definition of workflow {definition.name!r} cannot be run: these invocations "
            f"wait for each other: {', '.join(error.args[1])}. Build it anew."
        ) from error


def needed_by(
    invocation: ir.TaskInvocation,
    *,
    definition: ir.WorkflowDef,
    of: dict[ir.ArtifactNodeId, ir.TaskInvocationId],
) -> list[ir.TaskInvocationId]:
    """The invocations that make the arguments of one; `of` are the definition's producers."""
    leaves = definition.leaves(invocation.argument_ids())
    return [of[ir.ArtifactNodeId(leaf)] for leaf in leaves if leaf in of]
