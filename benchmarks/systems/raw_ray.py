"""Ray as it is, on this machine: one Ray task for each call."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from benchmarks.systems.contract import Job
from benchmarks.works import Work

CPUS = 2


class RawRay:
    """A Ray cluster of one machine."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._remote = cache(ray.remote)

    def prepare(self, work: Work) -> Job:
        """Nothing is prepared: calling a task submits it."""
        return lambda: self._ray.get(work.graph(self._call))

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._remote(function).remote(*arguments)


@contextmanager
def start() -> Iterator[RawRay]:
    """Ray with two workers, without a dashboard."""
    os.environ.update(RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0")
    import ray

    ray.init(
        address="local",
        num_cpus=CPUS,
        include_dashboard=False,
        log_to_driver=False,
    )
    try:
        yield RawRay(ray)
    finally:
        ray.shutdown()
