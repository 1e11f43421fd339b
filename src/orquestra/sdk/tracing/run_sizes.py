"""How large the nodes of a run must be, and whether its tasks fit in them."""

from collections.abc import Iterable

from orquestra.sdk.call_sites import CallSite, located, warn_user
from orquestra.sdk.exceptions import IgnoredFieldWarning, WorkflowSyntaxError
from orquestra.sdk.kubernetes.quantity import parse_quantity
from orquestra.sdk.schema import api, ir
from orquestra.sdk.tracing.resources import gpu_count

DEFAULT_SIZE = ir.Resources(cpu="2", memory="2Gi", gpu="0")
"""What a Compute Engine gives a node where the workflow asks for nothing."""

_AMOUNTS = ("cpu", "memory", "gpu")


def node_resources(definition: ir.WorkflowDef) -> api.RunResources:
    """What to ask of a Compute Engine: what the workflow says, else the most that any task needs.

    Raises:
        WorkflowSyntaxError: a task would fit in no node.
    """
    if definition.resources is None:
        largest = [_largest(definition.task_invocations.values(), amount) for amount in _AMOUNTS]
        cpu, memory, gpu = largest
        return api.RunResources(cpu=cpu, memory=memory, gpu=_whole(gpu))
    _check_tasks_fit(definition, size=definition.resources)
    size = definition.resources
    return api.RunResources(
        nodes=size.nodes, cpu=size.cpu, memory=size.memory, gpu=_whole(size.gpu)
    )


def head_node_resources(definition: ir.WorkflowDef) -> api.HeadNodeResources | None:
    """What to ask for the head node; a Compute Engine knows its CPU and memory only."""
    carrier = definition.data_aggregation
    if carrier is None or carrier.resources is None:
        return None
    asked = carrier.resources
    ignored = [
        name for name, given in (("gpu", gpu_count(asked.gpu)), ("nodes", asked.nodes)) if given
    ]
    if ignored:
        warn_user(
            f"A head node has CPU and memory only; ignored: {', '.join(ignored)}.",
            IgnoredFieldWarning,
        )
    return api.HeadNodeResources(cpu=asked.cpu, memory=asked.memory)


def _check_tasks_fit(definition: ir.WorkflowDef, *, size: ir.Resources) -> None:
    for amount in _AMOUNTS:
        available = getattr(size, amount) or getattr(DEFAULT_SIZE, amount)
        for invocation in definition.task_invocations.values():
            needed = _asked(invocation, amount)
            if needed is not None and parse_quantity(needed) > parse_quantity(available):
                task = definition.tasks[invocation.task_id].fn_ref.function_name
                problem = (
                    f"Task `{task}` ({invocation.id}) asks for {amount}={needed!r}, but a node of "
                    f"workflow `{definition.name}` has {amount}={available!r}. Ask for more in "
                    f'the workflow\'s resources: `sdk.Resources({amount}="{needed}")`.'
                )
                raise WorkflowSyntaxError(located(problem, at=_site(definition)))


def _site(definition: ir.WorkflowDef) -> CallSite | None:
    ref = definition.fn_ref
    if isinstance(ref, ir.InlineFunctionRef) or ref.file_path is None or ref.line_number is None:
        return None
    return CallSite(ref.file_path, ref.line_number)


def _largest(invocations: Iterable[ir.TaskInvocation], amount: str) -> str | None:
    asked = [text for text in (_asked(item, amount) for item in invocations) if text is not None]
    return max(asked, key=parse_quantity, default=None)


def _asked(invocation: ir.TaskInvocation, amount: str) -> str | None:
    asked: str | None = getattr(invocation.resources, amount, None)
    return asked


def _whole(gpu: str | None) -> str | None:
    return None if gpu is None else str(gpu_count(gpu))
