"""Amounts of CPU, memory and GPU: what a run asks of each of its nodes, and a task of its node."""

import json
import math
from dataclasses import dataclass
from decimal import Decimal

from orquestra.engine.errors import ResourcesRefused
from orquestra.sdk.kubernetes.quantity import parse_quantity
from orquestra.sdk.schema import api, ir
from orquestra.sdk.schema.cluster import NodeSize

MEBIBYTE = 2**20
GIBIBYTE = 2**30
TEBIBYTE = 2**40

DEFAULT_NODES = 1
DEFAULT_NODE = NodeSize(cpu=2, memory=2 * GIBIBYTE, gpu=0)
"""What a run gets that asks for nothing: the defaults of the published service."""

DEFAULT_HEAD = NodeSize(cpu=1, memory=2 * GIBIBYTE, gpu=0)
"""A head runs no task; starting Ray takes it about one second of CPU time."""

MIN_NODE_MEMORY = 512 * MEBIBYTE
"""Measured with Ray 2.60: raylet, log monitor and the two agents of a node weigh 200 MiB, the
smallest object store 75 MiB, and an idle worker process close to 100 MiB."""

MIN_HEAD_MEMORY = GIBIBYTE
"""The same, and the control service, the autoscaler, the dashboard and our executor: 550 MiB."""

_MOST = Decimal(10**18)
_LEAST = Decimal("0.001")
_MOST_NODES = 10**6
_QUANTITY_ADVICE = 'write a number with a unit if needed, like "2", "500m" or "4Gi"'


@dataclass(frozen=True, kw_only=True)
class RunDemand:
    """What a run asks for: at most `nodes` nodes of one size for each image, and a head."""

    nodes: int = DEFAULT_NODES
    size: NodeSize = DEFAULT_NODE
    head: NodeSize = DEFAULT_HEAD


@dataclass(frozen=True, kw_only=True)
class TaskDemand:
    """What one task invocation asks of its node; None is no wish."""

    cpu: Decimal | None = None
    memory: int | None = None
    gpu: int = 0


def run_demand(request: api.CreateRun, *, definition: ir.WorkflowDef) -> RunDemand:
    """What a request asks for, completed by the definition and then by the defaults.

    Raises:
        ResourcesRefused: An amount is none, or too small for anything to run; all are named.
    """
    wishes = _complete(request.resources, fallback=definition.resources)
    carrier = definition.data_aggregation
    head = _complete(request.head_node_resources, fallback=carrier.resources if carrier else None)
    problems: list[str] = []
    demand = RunDemand(
        nodes=_nodes(wishes.nodes, problems=problems),
        size=_size(wishes, default=DEFAULT_NODE, problems=problems, what="a node"),
        head=_size(
            head.model_copy(update={"gpu": None}),
            default=DEFAULT_HEAD,
            problems=problems,
            what="the head",
        ),
    )
    if demand.size.memory < MIN_NODE_MEMORY:
        problems.append(_too_small("A node", memory=demand.size.memory, least=MIN_NODE_MEMORY))
    if demand.head.memory < MIN_HEAD_MEMORY:
        problems.append(_too_small("The head", memory=demand.head.memory, least=MIN_HEAD_MEMORY))
    if problems:
        raise ResourcesRefused("\n".join(problems))
    return demand


def task_demand(resources: ir.Resources | None) -> TaskDemand:
    """What an invocation asks for. Zero of anything is no wish.

    Raises:
        ValueError: An amount is none; the message is a clause with advice.
    """
    if resources is None:
        return TaskDemand()
    cpu = _amount(resources.cpu, name="cpu")
    memory = _amount(resources.memory, name="memory")
    return TaskDemand(
        cpu=cpu or None,
        memory=math.ceil(memory) if memory else None,
        gpu=_whole_gpus(resources.gpu),
    )


def argument(name: str, value: str) -> str:
    """An argument of `sdk.Resources` as a user would type it: `memory="2Gi"`."""
    return f"{name}={json.dumps(value, ensure_ascii=False)}"


def memory_text(size: int) -> str:
    """Bytes as a person writes them, in the largest binary unit without a fraction."""
    for unit, factor in (("Ti", TEBIBYTE), ("Gi", GIBIBYTE), ("Mi", MEBIBYTE), ("Ki", 2**10)):
        if size >= factor and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def cpu_text(cpu: float | Decimal) -> str:
    """CPU cores as a person writes them."""
    return f"{float(cpu):g}"


def _complete(
    wishes: api.RunResources | api.HeadNodeResources | None, *, fallback: ir.Resources | None
) -> ir.Resources:
    stated = wishes.model_dump(exclude_none=True) if wishes else {}
    base = fallback.model_dump(exclude_none=True) if fallback else {}
    return ir.Resources(**{**base, **stated})


def _nodes(wish: int | None, *, problems: list[str]) -> int:
    nodes = DEFAULT_NODES if wish is None else wish
    if nodes < 1:
        problems.append(
            f"The run asks for {nodes} nodes of each image, but nothing runs without a node; "
            "ask for nodes=1 or more."
        )
    if nodes > _MOST_NODES:
        problems.append(
            f"The run asks for more nodes of each image than any engine has; ask for at most "
            f"nodes={_MOST_NODES}, they are started as tasks need them."
        )
    return nodes


def _size(wishes: ir.Resources, *, default: NodeSize, problems: list[str], what: str) -> NodeSize:
    """The size of a node; a wish that makes no sense is noted and replaced by the default."""
    amounts: dict[str, Decimal] = {}
    for name in ("cpu", "memory"):
        try:
            amount = _amount(getattr(wishes, name), name=name)
            if amount is not None:
                amounts[name] = _positive(amount, name=name)
        except ValueError as error:
            problems.append(f"The run asks for {what} with {error}.")
    gpu = default.gpu
    try:
        gpu = _whole_gpus(wishes.gpu)
    except ValueError as error:
        problems.append(f"The run asks for {what} with {error}.")
    return NodeSize(
        cpu=float(amounts.get("cpu", Decimal(str(default.cpu)))),
        memory=int(amounts.get("memory", default.memory)),
        gpu=gpu,
    )


def _amount(text: str | None, *, name: str) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = parse_quantity(text)
        sensible = 0 <= amount <= _MOST
    except (ValueError, ArithmeticError):
        sensible = False
    if not sensible:
        raise ValueError(f"{argument(name, text)}, which is no amount; {_QUANTITY_ADVICE}")
    return amount


def _positive(amount: Decimal, *, name: str) -> Decimal:
    if amount < _LEAST:
        raise ValueError(
            f'{name}="{amount.normalize()}", which leaves nothing to run on; '
            "leave it out or ask for more"
        )
    return amount


def _whole_gpus(text: str | None) -> int:
    amount = _amount(text, name="gpu") or Decimal(0)
    if amount != amount.to_integral_value():
        raise ValueError(
            f"gpu={json.dumps(text)}, but GPUs are given whole; ask for 1 or more, or for none"
        )
    return int(amount)


def _too_small(what: str, *, memory: int, least: int) -> str:
    return (
        f"{what} with {argument('memory', memory_text(memory))} is too small to run Ray; "
        f"ask for {argument('memory', memory_text(least))} or more."
    )
