"""Ending what cannot go on, and taking away what is over."""

import asyncio
import logging
import shutil
from datetime import timedelta
from pathlib import Path

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.tables import Cluster, Node, Run
from orquestra.engine.errors import ContainerEngineAway, ProvisioningError
from orquestra.engine.nodes import service as nodes
from orquestra.engine.reconciling import store
from orquestra.engine.reconciling.actions import FailNode, FailRun, LoseNode, RetireCluster
from orquestra.engine.reconciling.telling import last_words, note
from orquestra.engine.runs import store as runs
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.cluster import ClusterId, NodeState
from orquestra.sdk.schema.workflow_run import State

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=3)
AT_ONCE = timedelta(0)

_NOT_JOINED = (NodeState.REQUESTED, NodeState.PULLING, NodeState.STARTING)


async def fail_run(services: EngineServices, action: FailRun) -> None:
    """End a run that cannot go on."""
    message = await _message(services, action)
    async with services.database.writing() as session:
        run = await session.get_one(Run, action.run_id)
        cluster = await session.get_one(Cluster, action.cluster_id)
        if action.unless_begun and cluster.head_began_at is not None:
            return
        if run.executing and action.blamed:
            await store.acquit(session, action.cluster_id, blamed=run)
        await store.fail_runs(services, session, [run], message=message)
    await note(services, action.cluster_id, message)


async def fail_node(services: EngineServices, action: FailNode) -> bool:
    """End the runs that need a node like the one that could not start; whether there were any."""
    message = await _message(services, action)
    async with services.database.writing() as session:
        node = await session.get_one(Node, (action.cluster_id, action.node_id))
        if node.state not in _NOT_JOINED:
            return True
        nodes.end(node, NodeState.FAILED, at=services.clock(), message=message)
        concerned = await store.runs_of_pool(session, action.cluster_id, pool_id=node.pool_id)
        await store.fail_runs(services, session, concerned, message=message)
        if not concerned and not await runs.executing(session, action.cluster_id):
            (await session.get_one(Cluster, action.cluster_id)).retired = True
    await note(services, action.cluster_id, message)
    return bool(concerned)


async def fail_all(services: EngineServices, cluster_id: ClusterId, *, reason: str) -> bool:
    """End a cluster that cannot go on, and its runs; whether there were any."""
    async with services.database.writing() as session:
        concerned = await runs.executing(session, cluster_id)
        await store.fail_runs(services, session, concerned, message=reason)
        (await session.get_one(Cluster, cluster_id)).retired = True
    await note(services, cluster_id, reason)
    return bool(concerned)


async def retire(services: EngineServices, action: RetireCluster) -> None:
    """Let nothing execute on a cluster any more, unless a run has just been assigned to it."""
    message = await _message(services, action)
    async with services.database.writing() as session:
        if await runs.executing(session, action.cluster_id):
            return
        (await session.get_one(Cluster, action.cluster_id)).retired = True
    await note(services, action.cluster_id, message)


async def lose_node(services: EngineServices, action: LoseNode) -> None:
    """Record that a node is gone."""
    words = await last_words(services, action.handle)
    async with services.database.writing() as session:
        node = await session.get_one(Node, (action.cluster_id, action.node_id))
        nodes.end(node, NodeState.FAILED, at=services.clock(), message=action.reason)
    await note(services, action.cluster_id, f"Node {action.node_id}: {action.reason}{words}")


async def release(services: EngineServices, cluster_id: ClusterId) -> None:
    """Take away everything of a cluster, and record that nothing of it is left."""
    async with services.database.reading() as session:
        cluster = await clusters.get(session, cluster_id)
        run = await store.last_run(session, cluster_id)
    forced = run is None or run.state is State.KILLED
    await take_away(services, cluster_id, grace=AT_ONCE if forced else GRACE)
    if cluster is None or cluster.released:
        return
    async with services.database.writing() as session:
        await store.end_nodes(session, cluster_id, at=services.clock())
        await clusters.release(session, await session.get_one(Cluster, cluster_id))
    services.works.forget(cluster_id)
    await note(services, cluster_id, "The run cluster was taken away.")


async def take_away(
    services: EngineServices, cluster_id: ClusterId, *, grace: timedelta, for_good: bool = True
) -> None:
    """Remove nodes, head, network and the exchange of a cluster.

    Nothing may be left of one that goes `for_good`. One that goes on needs its nodes and its head
    gone; a folder or network that stays does not keep it from that, and is logged.
    """
    provisioner = services.provisioner
    inventory = await provisioner.inventory()
    mine = [found for found in inventory.containers if found.cluster_id == cluster_id]
    await asyncio.gather(*(provisioner.remove(found.handle, grace) for found in mine))
    if cluster_id in inventory.networks:
        try:
            await provisioner.remove_network(cluster_id)
        except ContainerEngineAway:
            raise
        except ProvisioningError as error:
            if for_good:
                raise
            logger.warning("cluster %s: %s", cluster_id, error, extra={"event": "left_behind"})
    folder = services.folder
    for path in (folder.clusters / cluster_id, folder.environments_of(cluster_id)):
        await asyncio.to_thread(_delete, path)


def _delete(folder: Path) -> None:
    """Delete a folder. Tasks in containers have another user, and may leave what we cannot."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        logger.warning(
            "not all of %s could be deleted: %s. Delete the rest by hand.",
            folder,
            error,
            extra={"event": "files_left"},
        )


async def _message(services: EngineServices, action: FailRun | FailNode | RetireCluster) -> str:
    return f"{action.reason.rstrip('.')}.{await last_words(services, action.handle)}"
