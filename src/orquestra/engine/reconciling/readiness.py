"""Run clusters that are there before anybody needs them: standbys, or the local runtime's own.

    Compute Engine   as many standbys as the settings say; each is destroyed after its run
    local engine     one shared cluster; where the settings say none, only while there are runs

A cluster that has to wait for its image is looked for again after a pause. One that did not work
is tried again after pauses that grow to an hour: nobody waits for it, so it is not worth more than
a line in the log, and a warning if it goes on.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from orquestra.engine.clusters import assignment
from orquestra.engine.clusters import store as clusters_store
from orquestra.engine.errors import EngineError
from orquestra.engine.images.standby import StandbyImages, standby_images
from orquestra.engine.reconciling.actions import Action, AddCluster, LookUpImages, RetireCluster
from orquestra.engine.reconciling.views import ClusterView
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.cluster import NodeState

logger = logging.getLogger(__name__)

_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_WORRYING = 3
"""Failures in a row that an administrator should know of."""


def decide_readiness(
    clusters: Sequence[ClusterView], *, standby: int, local: bool, head_image: str | None
) -> list[Action]:
    """Clusters to be added, one at a time, and those that nobody needs.

    `head_image` is what the head of the next default run is started from, where it is known.
    """
    waiting = [view for view in clusters if _waits(view, local=local)]
    stale = [view for view in waiting if head_image and view.head_image != head_image]
    useful = [view for view in waiting if view not in stale]
    wanted = min(standby, 1) if local else standby
    surplus = [view for view in useful[wanted:] if not view.runs]
    actions: list[Action] = [
        RetireCluster(cluster_id=view.id, reason="Nobody needs it any more", broken=False)
        for view in (*stale, *surplus)
        if not view.runs
    ]
    # A run whose own cluster is coming up needs the machine more than a next one does.
    hurry = any(view.runs and not view.head_began for view in clusters)
    if len(useful) < wanted and not hurry:
        actions.append(AddCluster())
    return actions


def _waits(view: ClusterView, *, local: bool) -> bool:
    if view.is_over:
        return False
    return view.shared if local else not view.taken


def _is_well(view: ClusterView) -> bool:
    """Whether a cluster works: its head, and all of its nodes, of which it has some."""
    ready = [node.state is NodeState.READY for node in view.nodes]
    return view.head_began and bool(ready) and all(ready)


class Readiness:
    """Knows the images of clusters that are to wait, and makes their records."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._images: StandbyImages | None = None
        self._looked_up_at: datetime | None = None
        self._resting_until: datetime | None = None
        self._failures = 0

    def actions(self, clusters: Sequence[ClusterView]) -> list[Action]:
        """What is to be done now."""
        settings, now = self._services.settings, self._services.clock()
        outdated = self._looked_up_at is None or now - self._looked_up_at > _PAUSE
        if settings.nodes.standby and outdated:
            return [LookUpImages()]
        decided = decide_readiness(
            clusters,
            standby=settings.nodes.standby,
            local=settings.local,
            head_image=self._images.head if self._images else None,
        )
        resting = self._resting_until is not None and now < self._resting_until
        if any(_waits(view, local=settings.local) and _is_well(view) for view in clusters):
            self._failures = 0
        if resting or self._images is None:
            return [action for action in decided if not isinstance(action, AddCluster)]
        return decided

    def rest(self) -> None:
        """A cluster did not work: make no other one for a while, each time for longer."""
        pause = min(_PAUSE * 2**self._failures, _LONGEST_PAUSE)
        self._resting_until = self._services.clock() + pause
        self._failures += 1
        if self._failures >= _WORRYING:
            logger.warning(
                "%d run clusters that were to wait for runs did not work, one after the other; the "
                "next one is tried in %d seconds. The lines above say why.",
                self._failures,
                pause.total_seconds(),
                extra={"event": "standby_broken"},
            )

    async def look_up(self) -> None:
        """Ask for the images; they may not be published yet."""
        try:
            self._images = await standby_images(
                capacity=await self._services.provisioner.capacity(),
                catalogue=self._services.catalogue,
                defaults=self._services.default_images,
            )
        except EngineError as error:
            logger.debug("no standby yet: %s", error, extra={"event": "no_standby"})
            self._images = None
        finally:
            self._looked_up_at = self._services.clock()

    async def add(self) -> None:
        """Make one more cluster."""
        images = self._images
        if images is None:
            return
        local, now = self._services.settings.local, self._services.clock()
        cluster_id = assignment.shared_id() if local else assignment.standby_id()
        cluster = assignment.new_cluster(
            cluster_id, head_image=images.head, head=images.head_size, at=now, shared=local
        )
        async with self._services.database.writing() as session:
            if local and await clusters_store.shared(session) is not None:
                return  # a run has just brought one along
            session.add(cluster)
            await session.flush()
            session.add(assignment.new_pool(cluster_id, images.pool, min_nodes=1))
