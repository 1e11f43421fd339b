"""The names of functions behind task invocations."""

from orquestra.sdk.schema import ir


def function_name(definition: ir.WorkflowDef, invocation_id: str) -> str:
    """The name of the function that an invocation calls; empty for an unknown invocation."""
    invocation = definition.task_invocations.get(ir.TaskInvocationId(invocation_id))
    if invocation is None:
        return ""
    return definition.tasks[invocation.task_id].fn_ref.function_name
