"""The round: look, decide, act; again when something changes, and at least every second."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from orquestra.engine.provisioning.contract import Inventory, Observation
from orquestra.engine.reconciling.actions import Action, ReleaseCluster, Target, target_of
from orquestra.engine.reconciling.decisions import Limits, decide
from orquestra.engine.reconciling.performing import Performer
from orquestra.engine.reconciling.pulling import EarlyPulls
from orquestra.engine.reconciling.readiness import Readiness
from orquestra.engine.reconciling.tidying import Tidying
from orquestra.engine.reconciling.views import ClusterView, unreleased_clusters
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeState

logger = logging.getLogger(__name__)

_ROUND = timedelta(seconds=1)
_QUIET_ROUND = timedelta(seconds=15)
_AFTER_TROUBLE = timedelta(seconds=2)
_GATHERING = timedelta(milliseconds=50)
"""How long a round waits for more changes: many runs at once would be many rounds."""


class Reconciler:
    """Goes round until it is cancelled. Slow actions run beside it, each at most once at a time."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._readiness = Readiness(services)
        self._performer = Performer(services, readiness=self._readiness)
        self._pulls = EarlyPulls(services)
        self._tidying = Tidying(services)
        self._limits = Limits(
            start=services.settings.nodes.start_limit, watching_since=services.clock()
        )
        self._busy: dict[Target, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Go round for ever."""
        try:
            while True:
                await self._services.wake.heard(within=await self._round())
                await asyncio.sleep(_GATHERING.total_seconds())
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            await self._pulls.close()
            await self._tidying.close()

    async def _round(self) -> timedelta:
        try:
            return await self.step()
        except Exception:  # the supervising loop: whatever is wrong now may be right in a moment
            logger.exception("a round of the reconciler failed", extra={"event": "round_failed"})
            return _AFTER_TROUBLE

    async def step(self) -> timedelta:
        """One round. Returns how long to rest if nothing happens."""
        async with self._services.database.reading() as session:
            clusters = await unreleased_clusters(session)
        inventory = await self._services.provisioner.inventory()
        seen = _by_cluster(inventory)
        now = self._services.clock()
        self._pulls.begin(image for view in clusters if not view.is_over for image in view.images)
        for cluster in clusters:
            for action in decide(cluster, seen[cluster.id], now=now, limits=self._limits):
                self._begin(action)
        self._remove_orphans(clusters, inventory=inventory)
        for action in self._readiness.actions(clusters):
            self._begin(action)
        self._tidying.look(clusters)
        self._services.pulse.beat()
        return _QUIET_ROUND if all(map(_is_at_rest, clusters)) else _ROUND

    async def settle(self) -> None:
        """Wait for the actions under way. For tests, which go round by hand."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    def _remove_orphans(self, clusters: Sequence[ClusterView], *, inventory: Inventory) -> None:
        known = {cluster.id for cluster in clusters}
        owners = {found.cluster_id for found in inventory.containers} | inventory.networks
        for cluster_id in owners - known:
            self._begin(ReleaseCluster(cluster_id=cluster_id, orphan=True))

    def _begin(self, action: Action) -> None:
        target = target_of(action)
        if isinstance(action, ReleaseCluster) and self._performer.pulls_head_of(action.cluster_id):
            self._busy[target].cancel()
        whole_cluster = (target[0], None)
        if target not in self._busy and whole_cluster not in self._busy:
            task = asyncio.create_task(self._perform(action), name=repr(action))
            self._busy[target] = task
            task.add_done_callback(lambda _: self._end(target))

    def _end(self, target: Target) -> None:
        if self._busy.pop(target).cancelled():
            self._services.wake.ring()  # for the sake of what could not begin beside it

    async def _perform(self, action: Action) -> None:
        try:
            await self._performer.perform(action)
        except Exception:  # the next round decides anew, so an action may fail
            logger.exception("%s failed", action, extra={"event": "action_failed"})
            await asyncio.sleep(_AFTER_TROUBLE.total_seconds())


def _is_at_rest(cluster: ClusterView) -> bool:
    """Whether a cluster waits for runs and nothing else."""
    ready = all(node.state is NodeState.READY for node in cluster.nodes)
    return cluster.head_began and ready and not cluster.runs and not cluster.is_over


def _by_cluster(
    inventory: Inventory,
) -> defaultdict[ClusterId, dict[NodeId, Observation]]:
    seen: defaultdict[ClusterId, dict[NodeId, Observation]] = defaultdict(dict)
    for found in inventory.containers:
        seen[found.cluster_id][found.node_id] = found
    return seen
