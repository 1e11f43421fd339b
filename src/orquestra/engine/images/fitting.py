"""Whether tasks fit into the nodes of their run, and nodes into the machine.

What does not fit would wait forever, so each thing is told in a sentence with its numbers.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

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


def asks_for_gpu(invocation: ir.TaskInvocation) -> bool:
    """Whether an invocation needs a GPU; an amount that makes no sense asks for none."""
    try:
        return task_demand(invocation.resources).gpu > 0
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True)
class _Room:
    """Where a task is to fit: a node that was sized for its run, or the machine itself."""

    node: NodeSize
    is_machine: bool


def misfits(
    definition: ir.WorkflowDef,
    *,
    demand: RunDemand,
    capacity: Capacity,
    local: bool = False,
    on_host: Collection[ir.TaskInvocationId] = (),
) -> tuple[str, ...]:
    """One sentence for each thing that does not fit; nothing where all does.

    On the local runtime the head, and the invocations `on_host`, have the whole machine, and only
    the nodes of other images are as large as the workflow says.
    """
    sentences: list[str] = []
    if not local:
        sentences += _head_misfits(demand, capacity=capacity)
    if not local or len(on_host) < len(definition.task_invocations):
        sentences += _node_misfits(demand, capacity=capacity, gpu=any_gpu(definition))
    for invocation in definition.task_invocations.values():
        machine = invocation.id in on_host
        room = _Room(node=capacity.size if machine else demand.size, is_machine=machine)
        name = function_name(definition, invocation=invocation)
        sentences += _task_misfits(invocation, name=name, room=room, capacity=capacity, local=local)
    # A task that is called a thousand times is told of once.
    return tuple(dict.fromkeys(sentences))


def any_gpu(definition: ir.WorkflowDef) -> bool:
    """Whether any task of a workflow needs a GPU."""
    return any(asks_for_gpu(invocation) for invocation in definition.task_invocations.values())


def function_name(definition: ir.WorkflowDef, *, invocation: ir.TaskInvocation) -> str:
    """The name under which the author knows a task."""
    return definition.tasks[invocation.task_id].fn_ref.function_name


def _head_misfits(demand: RunDemand, *, capacity: Capacity) -> Iterator[str]:
    where = "@sdk.workflow(head_node_resources=...)"
    return _larger("The head", wish=demand.head, offer=capacity.size, where=where)


def _node_misfits(demand: RunDemand, *, capacity: Capacity, gpu: bool) -> Iterator[str]:
    offer, size = capacity.size, demand.size
    yield from _larger("A node", wish=size, offer=offer, where="@sdk.workflow(resources=...)")
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
    invocation: ir.TaskInvocation, *, name: str, room: _Room, capacity: Capacity, local: bool
) -> Iterator[str]:
    node = room.node
    try:
        wish = task_demand(invocation.resources)
    except ValueError as error:
        yield f"Task {name} asks for {error}."
        return
    yield from _cpu_misfit(wish, name=name, room=room)
    if wish.memory is not None and wish.memory > node.memory:
        yield _too_much(
            name,
            room,
            wish=f"{memory_text(wish.memory)} of memory",
            has=memory_text(node.memory),
            enlarge=argument("memory", memory_text(wish.memory)),
        )
    if wish.gpu and not capacity.size.gpu:
        yield (
            f"Task {name} asks for {wish.gpu} GPU, but this {'machine' if local else 'engine'} has "
            f"none; {_without_gpu(name, wish.gpu, local=local)}."
        )
    elif wish.gpu > node.gpu:
        yield _too_much(
            name,
            room,
            wish=f"{wish.gpu} GPU",
            has=str(node.gpu),
            enlarge=argument("gpu", str(wish.gpu)),
        )


def _without_gpu(name: str, wish: int, *, local: bool) -> str:
    """The ways out for a task that asks for GPUs where there are none."""
    simulate = (
        f"start the local runtime with `orq up --simulate-gpu {wish}`"
        if local
        else "set simulated_gpus under [nodes] in the engine's configuration"
    )
    return (
        f"run it on an engine with GPUs, call it as {name}(...).with_resources(gpu=None), or, to "
        f"try it without any, {simulate}"
    )


def _cpu_misfit(wish: TaskDemand, *, name: str, room: _Room) -> Iterator[str]:
    if wish.cpu is None:
        return
    if wish.cpu > 1 and wish.cpu != wish.cpu.to_integral_value():
        yield (
            f"Task {name} asks for {cpu_text(wish.cpu)} CPU, but above 1 CPUs are given whole; "
            f"ask for {argument('cpu', str(int(wish.cpu)))} or "
            f"{argument('cpu', str(int(wish.cpu) + 1))}."
        )
    elif float(wish.cpu) > room.node.cpu:
        yield _too_much(
            name,
            room,
            wish=f"{cpu_text(wish.cpu)} CPU",
            has=cpu_text(room.node.cpu),
            enlarge=argument("cpu", cpu_text(wish.cpu)),
        )


def _too_much(name: str, room: _Room, *, wish: str, has: str, enlarge: str) -> str:
    if room.is_machine:
        return f"Task {name} asks for {wish}, but this machine has {has}; ask for less in the task."
    return (
        f"Task {name} asks for {wish}, but a node of this run has {has}; ask for less in the task, "
        f"or for larger nodes with @sdk.workflow(resources=sdk.Resources({enlarge}))."
    )
