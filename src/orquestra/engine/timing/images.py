"""What each image of a run costs, and what to do about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.sdk.schema import api

_DIGITS = 6  # microseconds
_WORTH_IT = 5.0
"""Seconds from which on advice is given; with less, starting a node at all is what it takes."""
_MOST = 0.5


@dataclass(frozen=True, kw_only=True)
class ImageCosts:
    """The times of an image, and what they consist of, in seconds.

    Attributes:
        timing: As users see it.
        pulled: How much of the cold start was pulling.
        environment: The longest that an attempt waited for its Python requirements and its worker.
    """

    timing: api.ImageTiming
    pulled: float
    environment: float


def image_costs(
    image: str,
    *,
    attempts: Iterable[api.AttemptTiming],
    nodes: Sequence[Node],
    pools: Mapping[str, ClusterPool],
) -> ImageCosts:
    """Add up what one image costs. Nodes come oldest first."""
    parts = [attempt.durations for attempt in attempts if attempt.image == image]
    mine = [node for node in nodes if pools[node.pool_id].image == image]
    coldest = max(_firsts(mine), key=_cold, default=None)
    return ImageCosts(
        timing=api.ImageTiming(
            image=image,
            attempts=len(parts),
            nodes=len(mine),
            cold=_cold(coldest) if coldest else 0,
            durations=_sum(parts),
        ),
        pulled=_pulled(coldest) if coldest else 0,
        environment=max((part.environment for part in parts), default=0),
    )


def advice(costs: ImageCosts) -> str | None:
    """A sentence about an image whose costs are worth one."""
    image, cold = costs.timing.image, costs.timing.cold
    if max(cold, costs.environment) < _WORTH_IT:
        return None
    if costs.environment > cold:
        return (
            f"image {image} costs {costs.environment:.0f} s for Python requirements: put them "
            "into the image, or give all its tasks the same ones, which are installed once"
        )
    share = costs.pulled / cold
    costing = f"image {image} costs {cold:.0f} s cold, {share:.0%} of it pull"
    if share >= _MOST:
        return (
            f"{costing}: build it from the Orquestra base image, whose layers are there already, "
            "leave out what its tasks do not use, or pull it onto the machine beforehand"
        )
    return (
        f"{costing}, the rest the start of the node: let more of its tasks share a node "
        "(smaller resources for each), or give them an image that another task uses too"
    )


def _firsts(nodes: Iterable[Node]) -> list[Node]:
    """The first node of each pool: the one that waited for the image."""
    firsts: dict[str, Node] = {}
    for node in nodes:
        firsts.setdefault(node.pool_id, node)
    return list(firsts.values())


def _cold(node: Node) -> float:
    """How long a node took to join; nothing is said of one that has not."""
    return (node.joined_at - node.requested_at).total_seconds() if node.joined_at else 0


def _pulled(node: Node) -> float:
    return (node.pulled_at - node.requested_at).total_seconds() if node.pulled_at else 0


def _sum(parts: Sequence[api.Durations]) -> api.Durations:
    return api.Durations(
        **{
            name: round(sum(getattr(part, name) for part in parts), _DIGITS)
            for name in api.Durations.model_fields
        }
    )
