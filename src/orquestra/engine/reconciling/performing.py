"""Doing what was decided.

Between a decision and its action time passes, so every action looks again before it does what
cannot be undone. What a cluster consists of is launched one at a time, under a lock that those who
take it away hold too: nothing is launched into a cluster that is going.
"""

import asyncio
from collections import defaultdict
from pathlib import Path

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.tables import Cluster, ClusterPool, Node
from orquestra.engine.errors import ContainerEngineAway, ProvisioningError
from orquestra.engine.nodes import service as nodes
from orquestra.engine.nodes import store as node_store
from orquestra.engine.reconciling import endings, store
from orquestra.engine.reconciling.actions import (
    Action,
    AddCluster,
    ClusterAction,
    FailNode,
    FailRun,
    LaunchHead,
    LaunchNode,
    LookUpImages,
    LoseNode,
    ReleaseCluster,
    RemoveNode,
    ReplaceHead,
    RetireCluster,
)
from orquestra.engine.reconciling.launching import (
    head_spec,
    make_folders,
    node_spec,
    shared_folders,
)
from orquestra.engine.reconciling.pulling import pull
from orquestra.engine.reconciling.readiness import Readiness
from orquestra.engine.reconciling.telling import last_words, note
from orquestra.engine.runs import store as runs
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId, NodeState


class Performer:
    """Carries out actions: the container or process first, then the record of it."""

    def __init__(self, services: EngineServices, *, readiness: Readiness | None = None) -> None:
        self._services = services
        self._readiness = readiness or Readiness(services)
        self._clusters: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._pulling_heads: set[ClusterId] = set()

    def pulls_head_of(self, cluster_id: ClusterId) -> bool:
        """Whether a cluster still waits for the image of its head, so that nothing has begun."""
        return cluster_id in self._pulling_heads

    async def perform(self, action: Action) -> None:
        """Do one action. What cannot be launched fails those who need it.

        Raises:
            ContainerEngineAway: Nothing was decided; the next round tries again.
        """
        try:
            await self._do(action)
        except ContainerEngineAway:
            raise
        except ProvisioningError as error:
            await self._give_up(action, error)
        if not (isinstance(action, ReleaseCluster) and action.orphan):
            self._services.wake.ring()

    async def _do(self, action: Action) -> None:
        match action:
            case LaunchNode():
                await self._launch_node(action)
            case RemoveNode():
                await self._remove(action)
            case LoseNode():
                await endings.lose_node(self._services, action)
            case FailNode():
                await self._fail_node(action)
            case LookUpImages():
                await self._readiness.look_up()
            case AddCluster():
                await self._readiness.add()
            case _:
                await self._do_to_cluster(action)

    async def _do_to_cluster(self, action: ClusterAction) -> None:
        match action:
            case LaunchHead():
                await self._launch_head(action.cluster_id)
            case ReplaceHead():
                await self._replace_head(action)
            case FailRun():
                await endings.fail_run(self._services, action)
            case RetireCluster():
                await self._retire(action)
            case ReleaseCluster():
                await self._release(action.cluster_id)

    async def _give_up(self, action: Action, error: ProvisioningError) -> None:
        """End what needs a head or node that cannot be launched."""
        match action:
            case LaunchNode():
                reason, node_id = str(error), action.node_id
                await self._fail_node(
                    FailNode(
                        cluster_id=action.cluster_id, node_id=node_id, reason=reason, handle=None
                    )
                )
            case LaunchHead() | ReplaceHead():
                reason = str(error)
                if not await endings.fail_all(self._services, action.cluster_id, reason=reason):
                    self._readiness.rest()
            case _:
                raise error

    async def _launch_head(self, cluster_id: ClusterId) -> None:
        cluster = await self._going_on(cluster_id)
        if cluster is None:
            return
        self._pulling_heads.add(cluster_id)
        try:
            await pull(cluster.head_image, services=self._services)
        finally:
            self._pulling_heads.discard(cluster_id)
        async with self._clusters[cluster_id]:
            await self._launch_head_now(cluster_id)

    async def _launch_head_now(self, cluster_id: ClusterId) -> None:
        cluster = await self._going_on(cluster_id)
        if cluster is None:
            return
        await self._fit_to_machine(cluster_id)
        environments = await self._prepare(cluster_id)
        spec = head_spec(cluster, environments=environments, services=self._services)
        await self._services.provisioner.launch(spec)
        async with self._services.database.writing() as session:
            row = await session.get_one(Cluster, cluster_id)
            row.head_launches += 1
            row.head_launched_at = self._services.clock()
        await note(self._services, cluster_id, "The head of the run cluster was launched.")

    async def _fit_to_machine(self, cluster_id: ClusterId) -> None:
        """Give host nodes what the machine has now, where a cluster is about to begin anew."""
        if self._services.settings.local:
            capacity = await self._services.provisioner.capacity()
            async with self._services.database.writing() as session:
                await clusters.resize_pools(
                    session, cluster_id, pinned_image=HOST_IMAGE, size=capacity.size
                )

    async def _replace_head(self, action: ReplaceHead) -> None:
        async with self._clusters[action.cluster_id]:
            cluster = await self._going_on(action.cluster_id)
            if cluster is None or cluster.head_launches != action.launches:
                return
            reason = f"{action.reason}; what it executes goes on with another one."
            words = await last_words(self._services, action.handle)
            await note(self._services, action.cluster_id, reason + words)
            await endings.take_away(
                self._services, action.cluster_id, grace=endings.AT_ONCE, for_good=False
            )
            async with self._services.database.writing() as session:
                now = self._services.clock()
                # All at once: an engine that is killed after it knows that a head is to be
                # launched, and counts no loss again.
                for run in await store.restart_runs(
                    session, action.cluster_id, at=now, reason=reason
                ):
                    run.heads_lost += 1
            await self._launch_head_now(action.cluster_id)

    async def _launch_node(self, action: LaunchNode) -> None:
        async with self._services.database.writing() as session:
            node = await node_store.get(session, action.cluster_id, node_id=action.node_id)
            if node is None or node.state not in (NodeState.REQUESTED, NodeState.PULLING):
                return
            node.state = NodeState.PULLING
            pool = await session.get_one(ClusterPool, (node.cluster_id, node.pool_id))
        await pull(pool.pinned_image, services=self._services)
        pulled_at = self._services.clock()
        async with self._clusters[action.cluster_id]:
            node = await self._still_wanted(action)
            if node is None:
                return
            node.pulled_at = pulled_at
            await self._launch_node_now(node, pool)

    async def _still_wanted(self, action: LaunchNode) -> Node | None:
        """The node, unless it was let go, or its head was lost, while its image was pulled."""
        cluster = await self._going_on(action.cluster_id)
        if cluster is None or cluster.head_address is None:
            return None
        async with self._services.database.reading() as session:
            node = await session.get_one(Node, (action.cluster_id, action.node_id))
        return node if node.state is NodeState.PULLING else None

    async def _launch_node_now(self, node: Node, pool: ClusterPool) -> None:
        cluster = await self._going_on(ClusterId(node.cluster_id))
        if cluster is None or cluster.head_address is None:
            return
        spec = node_spec(
            node,
            pool,
            head_address=cluster.head_address,
            environments=await self._prepare(ClusterId(cluster.id)),
            services=self._services,
        )
        await self._services.provisioner.launch(spec)
        async with self._services.database.writing() as session:
            row = await session.get_one(Node, (node.cluster_id, node.id))
            row.pulled_at, row.launched_at = node.pulled_at, self._services.clock()
            if row.state is NodeState.PULLING:
                row.state = NodeState.STARTING
        text = f"Node {node.id} was launched with image {pool.image}."
        await note(self._services, cluster.id, text)

    async def _remove(self, action: RemoveNode) -> None:
        if action.handle:
            await self._services.provisioner.remove(action.handle, endings.GRACE)
        async with self._services.database.writing() as session:
            node = await node_store.get(session, action.cluster_id, node_id=action.node_id)
            if node is None or node.state.is_final():
                return
            nodes.end(node, NodeState.STOPPED, at=self._services.clock())
        await note(self._services, action.cluster_id, f"Node {action.node_id} was let go.")

    async def _fail_node(self, action: FailNode) -> None:
        if not await endings.fail_node(self._services, action):
            self._readiness.rest()

    async def _retire(self, action: RetireCluster) -> None:
        if action.broken:
            self._readiness.rest()
        await endings.retire(self._services, action)

    async def _release(self, cluster_id: ClusterId) -> None:
        async with self._clusters[cluster_id]:
            await endings.release(self._services, cluster_id)
        self._clusters.pop(cluster_id, None)

    async def _going_on(self, cluster_id: ClusterId) -> Cluster | None:
        """The cluster, unless it is over."""
        async with self._services.database.reading() as session:
            cluster = await clusters.get(session, cluster_id)
        return cluster if cluster is not None and not cluster.retired else None

    async def _prepare(self, cluster_id: ClusterId) -> Path:
        """Make the folders that a cluster shares with the engine; the one of environments.

        On a Compute Engine no user's tasks may write into another one's environments. A cluster
        that was made for a run, and has its id, shares those of the run's owner. A standby begins
        without knowing its user, so it has a folder of its own, and no run that would install
        anything there.
        """
        folder = self._services.folder
        environments = folder.environments
        if not self._services.settings.local:
            async with self._services.database.reading() as session:
                run = await runs.get(session, cluster_id)
            environments = folder.environments_of(run.owner if run else cluster_id)
        outside = shared_folders(cluster_id, environments=environments, folder=folder)
        try:
            await asyncio.to_thread(make_folders, outside)
        except OSError as error:
            raise ProvisioningError(
                f"The folder {error.filename} of a run cluster cannot be made "
                f"({error.strerror}). Free disk space, or make it writable for the engine."
            ) from error
        return environments
