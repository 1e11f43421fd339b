"""What a benchmark gives: one row for each work, with every single measurement."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RAW_RAY = "raw Ray"
DASK = "Dask"
OURS = "ours"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What is to be reached: at most `limit`, or at least, where `at_least` says so.

    It holds for our median divided by that of `against`, or for our median itself where `against`
    is None.
    """

    limit: float
    against: str | None = None
    at_least: bool = False

    def is_reached(self, figure: float) -> bool:
        """Whether a figure is good enough; the limit itself is."""
        return figure >= self.limit if self.at_least else figure <= self.limit

    def share(self, figure: float) -> float:
        """How much of what is allowed a figure uses up: more than 1 misses the goal."""
        over, under = (self.limit, figure) if self.at_least else (figure, self.limit)
        return over / under if under else float("inf")


@dataclass(frozen=True, kw_only=True)
class Row:
    """Measurements of one work, by what was measured (`OURS` among them), all in `unit`.

    `details` are further facts for the JSON document, `problem` is why something was not measured.
    """

    work: str
    unit: str = "s"
    measurements: Mapping[str, Sequence[float]] = field(default_factory=dict)
    goal: Goal | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None

    def median(self, of: str) -> float | None:
        """The median of what was measured for one of them; None if nothing was."""
        measured = self.measurements.get(of)
        return statistics.median(measured) if measured else None

    def ratio(self, of: str = OURS) -> float | None:
        """A median divided by that of what the goal compares with, else by raw Ray's."""
        against = (self.goal and self.goal.against) or RAW_RAY
        median, base = self.median(of), self.median(against)
        return median / base if median is not None and base else None

    @property
    def figure(self) -> float | None:
        """What the goal speaks of: the ratio, or our median."""
        if self.goal and self.goal.against:
            return self.ratio()
        return self.median(OURS)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal or without a measurement."""
        if self.goal is None or self.figure is None:
            return None
        return self.goal.is_reached(self.figure)
