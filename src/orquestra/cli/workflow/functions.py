"""The names of functions behind task invocations."""

from orquestra.sdk.schema import ir


def function_name(definition: ir.WorkflowDef, invocation_id: str) -> str:
    """The name of the function that an invocation calls; empty for an unknown invocation.

    Elements of maps have the names of their maps.
    """
    invocations = definition.task_invocations
    base = ir.split_element_id(invocation_id)[0]
    invocation = invocations.get(ir.TaskInvocationId(invocation_id)) or invocations.get(
        ir.TaskInvocationId(base)
    )
    if invocation is None:
        return ""
    return definition.tasks[invocation.task_id].fn_ref.function_name
