"""Ids that count what is met on a walk through a workflow."""

import itertools
from collections.abc import Hashable


class Numbering:
    """Ids like `constant-3`.

    What is met again takes a new number and keeps its place, as it does in release 1.1, so there
    are gaps in the numbering.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count()
        self._ids: dict[Hashable, str] = {}

    def meet(self, key: Hashable) -> None:
        """Meet something."""
        self._ids[key] = f"{self._prefix}-{next(self._numbers)}"

    def __contains__(self, key: Hashable) -> bool:
        return key in self._ids

    def __getitem__(self, key: Hashable) -> str:
        return self._ids[key]
