"""Taking the files of ended runs out of the exchange of a cluster that goes on with others.

What they hold that is to be kept has been adopted, and lies in the artifact store as well.
"""

import asyncio
import logging
import os
from collections.abc import Collection, Iterable
from pathlib import Path

from orquestra.engine.reconciling import store
from orquestra.engine.reconciling.views import ClusterView
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.cluster import ClusterId

logger = logging.getLogger(__name__)

_PARTS = 3
"""Of the name of a file with values: `<run>.<worker>.<number>`."""


class Tidying:
    """Tidies the exchange of each shared cluster at first, and whenever its work has changed.

    A short run begins and ends between two looks: to compare the runs of both would miss it.
    """

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._versions: dict[ClusterId, int] = {}
        self._task: asyncio.Task[None] | None = None

    def look(self, clusters: Iterable[ClusterView]) -> None:
        """Begin where there is something to do, one cluster at a time."""
        for view in clusters:
            if self._task is None and view.shared and not view.is_over:
                version = self._services.works.version(view.id)
                if version != self._versions.get(view.id):
                    self._versions[view.id] = version
                    self._task = asyncio.create_task(self._tidy(view.id), name=f"tidy {view.id}")

    async def close(self) -> None:
        """Begin nothing any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _tidy(self, cluster_id: ClusterId) -> None:
        try:
            await tidy(cluster_id, services=self._services)
        except Exception:  # files that stay do no harm, and the round goes on
            logger.exception("an exchange was not tidied", extra={"event": "tidy_failed"})
        finally:
            self._task = None


async def tidy(cluster_id: ClusterId, *, services: EngineServices) -> None:
    """Delete the files of runs that have ended. Those of runs that nobody knows stay."""
    exchange = services.folder.exchange(cluster_id)
    found = await asyncio.to_thread(_runs_in, exchange)
    if not found:
        return
    async with services.database.reading() as session:
        ended = await store.ended(session, list(found))
    if ended:
        await asyncio.to_thread(_delete, exchange, ended)


def _runs_in(exchange: Path) -> set[str]:
    try:
        with os.scandir(exchange) as entries:
            names = [entry.name.split(".") for entry in entries]
    except FileNotFoundError:
        return set()
    return {parts[0] for parts in names if len(parts) == _PARTS}


def _delete(exchange: Path, runs: Collection[str]) -> None:
    with os.scandir(exchange) as entries:
        for entry in entries:
            parts = entry.name.split(".")
            if len(parts) == _PARTS and parts[0] in runs:
                _delete_file(entry)


def _delete_file(entry: os.DirEntry[str]) -> None:
    """Delete a file; tasks may have put other things there, which go with the cluster."""
    try:
        if not entry.is_dir(follow_symlinks=False):
            Path(entry.path).unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s stays: %s", entry.path, error, extra={"event": "files_left"})
