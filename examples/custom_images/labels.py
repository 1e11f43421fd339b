"""Short names for the tasks of a run, and the image of each."""

from orquestra.sdk.schema import ir


def task_labels(definition: ir.WorkflowDef) -> dict[str, str]:
    """The function of each invocation with its constant arguments, like `train_model(0.1)`."""
    return {
        invocation.id: _label(definition, invocation)
        for invocation in definition.task_invocations.values()
    }


def _label(definition: ir.WorkflowDef, invocation: ir.TaskInvocation) -> str:
    constants = definition.constant_nodes
    arguments = [
        constants[ir.ConstantNodeId(argument)].value_preview
        for argument in invocation.argument_ids()
        if argument in constants
    ]
    function = definition.tasks[invocation.task_id].fn_ref.function_name
    return f"{function}({', '.join(arguments)})" if arguments else function
