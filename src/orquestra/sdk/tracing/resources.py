"""What a task, a node or a workflow asks for: CPU, memory, disk, GPUs, nodes."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeAlias

from orquestra.sdk.exceptions import InvalidTaskDefinitionError
from orquestra.sdk.kubernetes.quantity import parse_quantity


class Sentinel(Enum):
    """Stands for an argument that was not given, where None means "clear it"."""

    NO_UPDATE = "NO_UPDATE"

    def __repr__(self) -> str:
        return self.value


NO_UPDATE: Final = Sentinel.NO_UPDATE
NoUpdate: TypeAlias = Literal[Sentinel.NO_UPDATE]


class Resources(NamedTuple):
    """Amounts asked for; None leaves the choice to the Compute Engine.

    `cpu` (cores), `memory` and `disk` (bytes) are quantities like "500m" or "4Gi", `gpu` is a
    whole number. `nodes` counts on a workflow only: the most nodes of each container image.
    No runtime uses `disk` yet.
    """

    cpu: str | None = None
    memory: str | None = None
    disk: str | None = None
    gpu: str | int | None = None
    nodes: int | None = None

    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return all(amount is None for amount in self)


class DataAggregation(NamedTuple):
    """What release 1.1 calls the head node: `resources` are its own; `run` says nothing."""

    run: bool | None = None
    resources: Resources = Resources()


@dataclass(frozen=True, kw_only=True)
class ResourcesUpdate:
    """Amounts to change in existing resources; NO_UPDATE keeps one, None clears it."""

    cpu: str | NoUpdate | None = NO_UPDATE
    memory: str | NoUpdate | None = NO_UPDATE
    disk: str | NoUpdate | None = NO_UPDATE
    gpu: str | int | NoUpdate | None = NO_UPDATE
    nodes: int | NoUpdate | None = NO_UPDATE

    def apply(self, old: Resources) -> Resources:
        """The resources after the change."""
        return Resources(
            cpu=old.cpu if self.cpu is NO_UPDATE else self.cpu,
            memory=old.memory if self.memory is NO_UPDATE else self.memory,
            disk=old.disk if self.disk is NO_UPDATE else self.disk,
            gpu=old.gpu if self.gpu is NO_UPDATE else self.gpu,
            nodes=old.nodes if self.nodes is NO_UPDATE else self.nodes,
        )


def gpu_count(gpu: str | int | None) -> int:
    """How many GPUs are meant; "0" and None both mean none."""
    return int(parse_quantity(gpu)) if gpu is not None else 0


def check_resources(resources: Resources, *, owner: str) -> None:
    """Refuse amounts that no node could ever be asked for; `owner` says whose they are.

    Raises:
        InvalidTaskDefinitionError: the first amount that is wrong.
    """
    cpu = _amount(resources.cpu, field="cpu", owner=owner)
    if cpu > 1 and cpu != int(cpu):
        raise InvalidTaskDefinitionError(
            f"{owner} asks for cpu={resources.cpu!r}. More than one CPU must be a whole number: "
            f'ask for "{int(cpu)}" or "{int(cpu) + 1}".'
        )
    gpu = _amount(resources.gpu, field="gpu", owner=owner)
    if gpu != int(gpu):
        raise InvalidTaskDefinitionError(
            f"{owner} asks for gpu={resources.gpu!r}. GPUs cannot be shared: "
            "ask for a whole number."
        )
    _amount(resources.memory, field="memory", owner=owner)
    _amount(resources.disk, field="disk", owner=owner)
    if resources.nodes is not None and resources.nodes < 1:
        raise InvalidTaskDefinitionError(
            f"{owner} asks for nodes={resources.nodes}. At least one node is needed."
        )


def _amount(quantity: str | int | None, *, field: str, owner: str) -> Decimal:
    try:
        amount = Decimal(0) if quantity is None else parse_quantity(quantity)
    except ValueError as error:
        raise InvalidTaskDefinitionError(f"{owner} asks for {field}: {error}") from error
    if amount < 0:
        raise InvalidTaskDefinitionError(
            f"{owner} asks for {field}={quantity!r}. Ask for zero or more."
        )
    return amount
