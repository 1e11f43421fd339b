"""The round: look, decide, act; again when something changes, and at least every second."""

import asyncio
import logging
from collections import defaultdict
from datetime import timedelta

from orquestra.engine.dependencies import EngineServices
from orquestra.engine.provisioning.contract import Inventory, Observation
from orquestra.engine.reconciling.actions import Action, ReleaseRun, Target, target_of
from orquestra.engine.reconciling.decisions import Limits, decide
from orquestra.engine.reconciling.performing import Performer
from orquestra.engine.reconciling.views import RunView, unreleased_runs
from orquestra.sdk.schema.cluster import NodeId
from orquestra.sdk.schema.workflow_run import WorkflowRunId

logger = logging.getLogger(__name__)

_ROUND = timedelta(seconds=1)
_QUIET_ROUND = timedelta(seconds=15)
_AFTER_TROUBLE = timedelta(seconds=2)


class Reconciler:
    """Goes round until it is cancelled. Slow actions run beside it, each at most once at a time."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._performer = Performer(services)
        self._limits = Limits(
            start=services.settings.nodes.start_limit, watching_since=services.clock()
        )
        self._busy: dict[Target, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Go round for ever."""
        try:
            while True:
                await self._services.wake.heard(within=await self._round())
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _round(self) -> timedelta:
        try:
            return await self.step()
        except Exception:  # the supervising loop: whatever is wrong now may be right in a moment
            logger.exception("a round of the reconciler failed", extra={"event": "round_failed"})
            return _AFTER_TROUBLE

    async def step(self) -> timedelta:
        """One round. Returns how long to rest if nothing happens."""
        async with self._services.database.reading() as session:
            runs = await unreleased_runs(session)
        inventory = await self._services.provisioner.inventory()
        seen = _by_run(inventory)
        now = self._services.clock()
        for run in runs:
            for action in decide(run, seen[run.id], now=now, limits=self._limits):
                self._begin(action)
        self._remove_orphans(runs, inventory=inventory)
        self._services.pulse.beat()
        return _ROUND if runs else _QUIET_ROUND

    async def settle(self) -> None:
        """Wait for the actions under way. For tests, which go round by hand."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    def _remove_orphans(self, runs: list[RunView], *, inventory: Inventory) -> None:
        known = {run.id for run in runs}
        owners = {found.run_id for found in inventory.containers} | inventory.networks
        for run_id in owners - known:
            self._begin(ReleaseRun(run_id=run_id))

    def _begin(self, action: Action) -> None:
        target = target_of(action)
        whole_run = (action.run_id, None)
        if target not in self._busy and whole_run not in self._busy:
            task = asyncio.create_task(self._perform(action), name=repr(action))
            self._busy[target] = task
            task.add_done_callback(lambda _: self._busy.pop(target))

    async def _perform(self, action: Action) -> None:
        try:
            await self._performer.perform(action)
        except Exception:  # the next round decides anew, so an action may fail
            logger.exception("%s failed", action, extra={"event": "action_failed"})
            await asyncio.sleep(_AFTER_TROUBLE.total_seconds())


def _by_run(
    inventory: Inventory,
) -> defaultdict[WorkflowRunId, dict[NodeId, Observation]]:
    seen: defaultdict[WorkflowRunId, dict[NodeId, Observation]] = defaultdict(dict)
    for found in inventory.containers:
        seen[found.run_id][found.node_id] = found
    return seen
