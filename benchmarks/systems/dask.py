"""Dask's distributed scheduler on this machine: two worker processes of one thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.systems.contract import Job
from benchmarks.works import Work

WORKERS = 2


class Dask:
    """A local cluster; each call is submitted as a future, as with Ray."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def prepare(self, work: Work) -> Job:
        """Nothing is prepared: calling a function submits it."""
        return lambda: work.graph(self._call).result()

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        # Pure calls with equal arguments would be run once only.
        return self._client.submit(function, *arguments, pure=False)


@contextmanager
def start() -> Iterator[Dask]:
    """A scheduler and two workers."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield Dask(client)
