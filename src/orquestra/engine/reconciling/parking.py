"""Setting run clusters down when their engine stops, and those of a local one picking up again.

Nothing of a local engine goes on without it. Runs that are not over stay so in the database, with
their cluster, which gets a new head when the engine is started the next time; what their tasks
have stored by then counts. That is no loss of a head: the runs did nothing wrong.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.tables import Cluster
from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning.contract import HEAD, Inventory, Phase
from orquestra.engine.reconciling import store
from orquestra.engine.reconciling.endings import AT_ONCE, take_away
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.cluster import ClusterId

logger = logging.getLogger(__name__)


async def park_all(services: EngineServices) -> None:
    """Take everything away that runs, also what no record knows of.

    A cluster that cannot be taken away is logged: the next engine on the same data finds it, by
    its record or its labels.
    """
    inventory = await _inventory(services) or Inventory()
    unknown = {found.cluster_id for found in inventory.containers} | inventory.networks
    for row in await _unreleased(services):
        cluster_id = ClusterId(row.id)
        unknown.discard(cluster_id)
        with _going_on(cluster_id):
            await _park(services, cluster_id, reason="The local runtime was stopped.")
    for cluster_id in unknown:
        with _going_on(cluster_id):
            await take_away(services, cluster_id, grace=AT_ONCE)


async def end_standbys(services: EngineServices) -> None:
    """Take away the clusters that wait for a run: nobody could give them one.

    Those that execute go on without their engine.
    """
    async with services.database.reading() as session:
        rows = await clusters.waiting(session)
    for row in rows:
        cluster_id = ClusterId(row.id)
        with _going_on(cluster_id):
            await take_away(services, cluster_id, grace=AT_ONCE)
            async with services.database.writing() as session:
                await clusters.release(session, await session.get_one(Cluster, cluster_id))


async def park_lost(services: EngineServices) -> None:
    """Set down what an engine that was killed has lost since, with the machine for example.

    A cluster that cannot be set down now is left to the reconciler.
    """
    inventory = await _inventory(services)
    if inventory is None:
        return
    heads = {
        found.cluster_id
        for found in inventory.containers
        if found.node_id == HEAD and found.phase is Phase.RUNNING
    }
    for row in await _unreleased(services):
        cluster_id = ClusterId(row.id)
        if row.head_launched_at is not None and cluster_id not in heads:
            with _going_on(cluster_id):
                await _park(services, cluster_id, reason="The local runtime was killed.")


async def _inventory(services: EngineServices) -> Inventory | None:
    with _going_on("what there is cannot be listed"):
        return await services.provisioner.inventory()
    return None


@contextmanager
def _going_on(what: str) -> Iterator[None]:
    """Log what fails: what comes after it has nothing to do with it."""
    try:
        yield
    except (ProvisioningError, OSError) as error:
        logger.warning("%s: %s", what, error, extra={"event": "left_behind"})


async def _unreleased(services: EngineServices) -> Sequence[Cluster]:
    async with services.database.reading() as session:
        return await clusters.unreleased(session)


async def _park(services: EngineServices, cluster_id: ClusterId, *, reason: str) -> None:
    await take_away(services, cluster_id, grace=AT_ONCE, for_good=False)
    async with services.database.writing() as session:
        waiting = await store.restart_runs(session, cluster_id, at=services.clock(), reason=reason)
        if not waiting:
            await clusters.release(session, await session.get_one(Cluster, cluster_id))
    if waiting:
        number = len(waiting)
        logger.info("runs that go on with a new head: %d", number, extra={"event": "runs_parked"})
