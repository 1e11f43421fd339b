"""Doing what was decided.

Between a decision and its action time passes, so every action looks again before it does what
cannot be undone. Containers of one run are launched one at a time, under a lock that those who
take the run's cluster away hold too: nothing is launched into a cluster that is going.
"""

import asyncio
import logging
import re
from collections import defaultdict
from datetime import timedelta

from orquestra.engine.database.tables import Node, Pool, Run
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import ContainerEngineAway, ProvisioningError
from orquestra.engine.nodes import service as nodes
from orquestra.engine.nodes import store as node_store
from orquestra.engine.provisioning.contract import Handle
from orquestra.engine.reconciling.actions import (
    Action,
    FailRun,
    LaunchHead,
    LaunchNode,
    LoseNode,
    ReleaseRun,
    RemoveNode,
    ReplaceHead,
)
from orquestra.engine.reconciling.launching import head_spec, node_spec
from orquestra.engine.reconciling.pulling import pull
from orquestra.engine.runs import lifecycle
from orquestra.engine.runs import store as runs
from orquestra.sdk.schema.cluster import NodeState
from orquestra.sdk.schema.workflow_run import State

logger = logging.getLogger(__name__)

_GRACE = timedelta(seconds=3)
_AT_ONCE = timedelta(0)
_TAIL_LINES = 15
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NOT_JOINED = (NodeState.REQUESTED, NodeState.PULLING, NodeState.STARTING)


class Performer:
    """Carries out actions: the container first, then the record of it."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._clusters: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def perform(self, action: Action) -> None:
        """Do one action. What cannot be launched fails its run.

        Raises:
            ContainerEngineAway: Nothing was decided; the next round tries again.
        """
        try:
            await self._do(action)
        except ContainerEngineAway:
            raise
        except ProvisioningError as error:
            if not isinstance(action, LaunchHead | LaunchNode | ReplaceHead):
                raise
            node_id = action.node_id if isinstance(action, LaunchNode) else None
            await self._fail(FailRun(run_id=action.run_id, reason=str(error), node_id=node_id))
        self._services.wake.ring()

    async def _do(self, action: Action) -> None:
        match action:
            case LaunchHead():
                await self._launch_head(action.run_id)
            case ReplaceHead():
                await self._replace_head(action)
            case LaunchNode():
                await self._launch_node(action)
            case RemoveNode():
                await self._remove(action)
            case LoseNode():
                await self._lose(action)
            case FailRun():
                await self._fail(action)
            case ReleaseRun():
                await self._release(action.run_id)

    async def _launch_head(self, run_id: str) -> None:
        run = await self._run(run_id)
        if run is None or not run.executing:
            return
        await pull(run.head_image, services=self._services)
        async with self._clusters[run_id]:
            await self._launch_head_now(run_id)

    async def _launch_head_now(self, run_id: str) -> None:
        run = await self._run(run_id)
        if run is None or not run.executing:
            return
        await self._services.provisioner.launch(head_spec(run, services=self._services))
        async with self._services.database.writing() as session:
            row = await session.get_one(Run, run_id)
            row.head_launches += 1
            row.head_launched_at, row.head_began_at = self._services.clock(), None
        await self._note(run_id, "The head of the run cluster was launched.")

    async def _replace_head(self, action: ReplaceHead) -> None:
        async with self._clusters[action.run_id]:
            run = await self._run(action.run_id)
            if run is None or not run.executing or run.head_launches != action.launches:
                return
            reason = f"{action.reason}; the run goes on with another one."
            await self._note(action.run_id, reason + await self._last_words(action.handle))
            await self._remove_all(action.run_id, grace=_AT_ONCE)
            now = self._services.clock()
            async with self._services.database.writing() as session:
                for node in await node_store.living(session, action.run_id):
                    nodes.end(node, NodeState.STOPPED, at=now, message=reason)
                await runs.restart_tasks(session, action.run_id, at=now, reason=reason)
            await self._launch_head_now(action.run_id)

    async def _launch_node(self, action: LaunchNode) -> None:
        async with self._services.database.writing() as session:
            node = await node_store.get(session, action.run_id, node_id=action.node_id)
            if node is None or node.state not in (NodeState.REQUESTED, NodeState.PULLING):
                return
            node.state = NodeState.PULLING
            pool = await session.get_one(Pool, (node.run_id, node.pool_id))
        await pull(pool.pinned_image, services=self._services)
        async with self._clusters[action.run_id]:
            await self._launch_node_now(action, pool=pool)

    async def _launch_node_now(self, action: LaunchNode, *, pool: Pool) -> None:
        async with self._services.database.reading() as session:
            node = await session.get_one(Node, (action.run_id, action.node_id))
        if node.state is not NodeState.PULLING:
            return
        await self._services.provisioner.launch(node_spec(node, pool, services=self._services))
        async with self._services.database.writing() as session:
            row = await session.get_one(Node, (node.run_id, node.id))
            row.launched_at = self._services.clock()
            if row.state is NodeState.PULLING:
                row.state = NodeState.STARTING
        await self._note(node.run_id, f"Node {node.id} was launched with image {pool.image}.")

    async def _remove(self, action: RemoveNode) -> None:
        if action.handle:
            await self._services.provisioner.remove(action.handle, _GRACE)
        async with self._services.database.writing() as session:
            node = await node_store.get(session, action.run_id, node_id=action.node_id)
            if node is None or node.state.is_final():
                return
            nodes.end(node, NodeState.STOPPED, at=self._services.clock())
        await self._note(action.run_id, f"Node {action.node_id} was let go.")

    async def _lose(self, action: LoseNode) -> None:
        words = await self._last_words(action.handle)
        async with self._services.database.writing() as session:
            node = await session.get_one(Node, (action.run_id, action.node_id))
            now = self._services.clock()
            nodes.end(node, NodeState.FAILED, at=now, message=action.reason)
        await self._note(action.run_id, f"Node {action.node_id}: {action.reason}{words}")

    async def _fail(self, action: FailRun) -> None:
        message = f"{action.reason.rstrip('.')}.{await self._last_words(action.handle)}"
        now = self._services.clock()
        async with self._services.database.writing() as session:
            run = await session.get_one(Run, action.run_id)
            if action.unless_begun and run.head_began_at is not None:
                return
            if action.node_id:
                node = await session.get_one(Node, (action.run_id, action.node_id))
                if node.state not in _NOT_JOINED:
                    return
                nodes.end(node, NodeState.FAILED, at=now, message=message)
            await lifecycle.finish(session, run, state=State.FAILED, message=message, at=now)
        await self._note(action.run_id, message)

    async def _release(self, run_id: str) -> None:
        async with self._clusters[run_id]:
            run = await self._run(run_id)
            forced = run is not None and run.state is State.KILLED
            await self._remove_all(run_id, grace=_AT_ONCE if forced else _GRACE)
            if run is None or run.released:
                return
            now = self._services.clock()
            async with self._services.database.writing() as session:
                for node in await node_store.living(session, run_id):
                    nodes.end(node, NodeState.STOPPED, at=now)
                (await session.get_one(Run, run_id)).released = True
        self._clusters.pop(run_id, None)
        await self._note(run_id, "The run cluster was taken away.")

    async def _remove_all(self, run_id: str, *, grace: timedelta) -> None:
        provisioner = self._services.provisioner
        inventory = await provisioner.inventory()
        mine = [found for found in inventory.containers if found.run_id == run_id]
        await asyncio.gather(*(provisioner.remove(found.handle, grace) for found in mine))
        for network in inventory.networks:
            if network == run_id:
                await provisioner.remove_network(network)

    async def _run(self, run_id: str) -> Run | None:
        async with self._services.database.reading() as session:
            return await runs.get(session, run_id)

    async def _last_words(self, handle: Handle | None) -> str:
        if handle is None:
            return ""
        lines = await self._services.provisioner.tail(handle, _TAIL_LINES)
        readable = [_TERMINAL_CODES.sub("", line).rstrip() for line in lines]
        said = "\n".join(line for line in readable if line)
        return f" Its last output:\n{said}" if said else ""

    async def _note(self, run_id: str, text: str) -> None:
        logger.info("run %s: %s", run_id, text, extra={"event": "run_cluster"})
        at = self._services.clock().timestamp()
        await asyncio.to_thread(self._services.logs.note, run_id, text, at=at)
