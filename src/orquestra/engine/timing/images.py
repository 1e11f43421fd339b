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
    nodes: Iterable[Node],
    pools: Mapping[str, ClusterPool],
) -> ImageCosts:
    """Add up what one image costs. Nodes that were there in time have cost nothing."""
    parts = [attempt.durations for attempt in attempts if attempt.image == image]
    coldest = max(parts, key=_cold, default=api.Durations())
    return ImageCosts(
        timing=api.ImageTiming(
            image=image,
            attempts=len(parts),
            nodes=sum(pools[node.pool_id].image == image for node in nodes),
            cold=round(_cold(coldest), _DIGITS),
            durations=_sum(parts),
        ),
        pulled=coldest.pulling,
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


def _cold(part: api.Durations) -> float:
    """How long an attempt waited for its node to come."""
    return part.pulling + part.booting


def _sum(parts: Sequence[api.Durations]) -> api.Durations:
    return api.Durations(
        **{
            name: round(sum(getattr(part, name) for part in parts), _DIGITS)
            for name in api.Durations.model_fields
        }
    )
