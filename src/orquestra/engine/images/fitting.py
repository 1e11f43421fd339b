"""Whether tasks fit into the nodes of their run, and nodes into the machine.

What does not fit would wait forever, so each thing is told in a sentence with its numbers.
"""

from collections.abc import Iterator

from orquestra.engine.images.sizes import (
    MEBIBYTE,
    RunDemand,
    TaskDemand,
    argument,
    cpu_text,
    memory_text,
    task_demand,
)
from orquestra.engine.provisioning.contract import Capacity
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeSize

_SIMULATE = (
    "run it on an engine with GPUs, or try it without any by setting simulated_gpus under "
    "[nodes] in the engine's configuration"
)


def asks_for_gpu(invocation: ir.TaskInvocation) -> bool:
    """Whether an invocation needs a GPU; an amount that makes no sense asks for none."""
    try:
        return task_demand(invocation.resources).gpu > 0
    except ValueError:
        return False


def misfits(
    definition: ir.WorkflowDef, *, demand: RunDemand, capacity: Capacity
) -> tuple[str, ...]:
    """One sentence for each thing that does not fit; nothing where all does."""
    sentences = [
        *_node_misfits(demand, capacity=capacity, gpu=any_gpu(definition)),
        *(
            sentence
            for invocation in definition.task_invocations.values()
            for sentence in _task_misfits(
                invocation,
                name=function_name(definition, invocation=invocation),
                node=demand.size,
                capacity=capacity,
            )
        ),
    ]
    # A task that is called a thousand times is told of once.
    return tuple(dict.fromkeys(sentences))


def any_gpu(definition: ir.WorkflowDef) -> bool:
    """Whether any task of a workflow needs a GPU."""
    return any(asks_for_gpu(invocation) for invocation in definition.task_invocations.values())


def function_name(definition: ir.WorkflowDef, *, invocation: ir.TaskInvocation) -> str:
    """The name under which the author knows a task."""
    return definition.tasks[invocation.task_id].fn_ref.function_name


def _node_misfits(demand: RunDemand, *, capacity: Capacity, gpu: bool) -> Iterator[str]:
    offer = capacity.size
    head, size = demand.head, demand.size
    yield from _larger("A node", wish=size, offer=offer, where="@sdk.workflow(resources=...)")
    yield from _larger(
        "The head", wish=head, offer=offer, where="@sdk.workflow(head_node_resources=...)"
    )
    # GPUs that no task asks for are not given to any node, so they need not exist.
    if gpu and 0 < offer.gpu < size.gpu:
        yield (
            f"A node of this run would have {size.gpu} GPUs, but a machine of this engine offers "
            f"{offer.gpu}; ask for {argument('gpu', str(offer.gpu))} or less in "
            "@sdk.workflow(resources=...)."
        )


def _larger(what: str, *, wish: NodeSize, offer: NodeSize, where: str) -> Iterator[str]:
    if wish.cpu > offer.cpu:
        yield (
            f"{what} of this run would have {cpu_text(wish.cpu)} CPU, but a machine of this "
            f"engine offers {cpu_text(offer.cpu)}; ask for "
            f"{argument('cpu', cpu_text(offer.cpu))} or less in {where}."
        )
    if wish.memory > offer.memory:
        most = memory_text(offer.memory - offer.memory % MEBIBYTE)
        yield (
            f"{what} of this run would have {memory_text(wish.memory)} of memory, but a machine "
            f"of this engine offers {most}; ask for {argument('memory', most)} or less in {where}."
        )


def _task_misfits(
    invocation: ir.TaskInvocation, *, name: str, node: NodeSize, capacity: Capacity
) -> Iterator[str]:
    try:
        wish = task_demand(invocation.resources)
    except ValueError as error:
        yield f"Task {name} asks for {error}."
        return
    yield from _cpu_misfit(wish, name=name, node=node)
    if wish.memory is not None and wish.memory > node.memory:
        yield _too_much(
            name,
            wish=f"{memory_text(wish.memory)} of memory",
            has=memory_text(node.memory),
            enlarge=argument("memory", memory_text(wish.memory)),
        )
    if wish.gpu and not capacity.size.gpu:
        yield f"Task {name} asks for {wish.gpu} GPU, but this engine has none; {_SIMULATE}."
    elif wish.gpu > node.gpu:
        yield _too_much(
            name, wish=f"{wish.gpu} GPU", has=str(node.gpu), enlarge=argument("gpu", str(wish.gpu))
        )


def _cpu_misfit(wish: TaskDemand, *, name: str, node: NodeSize) -> Iterator[str]:
    if wish.cpu is None:
        return
    if wish.cpu > 1 and wish.cpu != wish.cpu.to_integral_value():
        yield (
            f"Task {name} asks for {cpu_text(wish.cpu)} CPU, but above 1 CPUs are given whole; "
            f"ask for {argument('cpu', str(int(wish.cpu)))} or "
            f"{argument('cpu', str(int(wish.cpu) + 1))}."
        )
    elif float(wish.cpu) > node.cpu:
        yield _too_much(
            name,
            wish=f"{cpu_text(wish.cpu)} CPU",
            has=cpu_text(node.cpu),
            enlarge=argument("cpu", cpu_text(wish.cpu)),
        )


def _too_much(name: str, *, wish: str, has: str, enlarge: str) -> str:
    return (
        f"Task {name} asks for {wish}, but a node of this run has {has}; ask for less in the task, "
        f"or for larger nodes with @sdk.workflow(resources=sdk.Resources({enlarge}))."
    )
