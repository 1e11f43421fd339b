"""Doing what was decided."""

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import timedelta

from orquestra.engine.database.tables import Node, Pool, Run
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import ProvisioningError
from orquestra.engine.nodes import service as nodes
from orquestra.engine.nodes import store as node_store
from orquestra.engine.provisioning.contract import Handle
from orquestra.engine.reconciling.actions import (
    Action,
    EndNode,
    FailRun,
    LaunchHead,
    LaunchNode,
    ReleaseRun,
    RemoveNode,
    ReplaceHead,
)
from orquestra.engine.reconciling.launching import head_spec, node_spec
from orquestra.engine.runs import lifecycle
from orquestra.engine.runs import store as runs
from orquestra.sdk.schema.cluster import NodeState
from orquestra.sdk.schema.workflow_run import State

logger = logging.getLogger(__name__)

_GRACE = timedelta(seconds=3)
_AT_ONCE = timedelta(0)
_PULL_PAUSES = (timedelta(seconds=1), timedelta(seconds=3))
_TAIL_LINES = 15
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Performer:
    """Carries out actions: the container first, then the record of it."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services

    async def perform(self, action: Action) -> None:
        """Do one action. A provisioner that fails to launch fails the run."""
        try:
            await self._do(action)
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
            case EndNode():
                await self._end_node(action)
            case FailRun():
                await self._fail(action)
            case ReleaseRun():
                await self._release(action.run_id)

    async def _launch_head(self, run_id: str) -> None:
        async with self._services.database.reading() as session:
            run = await runs.get(session, run_id)
        if run is None or not run.executing:
            return
        await self._pull(run.head_image)
        await self._services.provisioner.launch(head_spec(run, services=self._services))
        await self._change_run(run_id, self._head_launched)
        self._note(run_id, "The head of the run cluster was launched.")

    def _head_launched(self, run: Run) -> None:
        run.head_launches += 1
        run.head_launched_at = self._services.clock()

    async def _replace_head(self, action: ReplaceHead) -> None:
        reason = f"{action.reason}; the run goes on with another one."
        self._note(action.run_id, reason)
        await self._remove_all(action.run_id, grace=_AT_ONCE)
        now = self._services.clock()
        async with self._services.database.writing() as session:
            for node in await node_store.living(session, action.run_id):
                nodes.end(node, NodeState.STOPPED, at=now, message=reason)
            await runs.restart_tasks(session, action.run_id, at=now, reason=reason)
        await self._launch_head(action.run_id)

    async def _launch_node(self, action: LaunchNode) -> None:
        async with self._services.database.writing() as session:
            node = await node_store.get(session, action.run_id, node_id=action.node_id)
            if node is None or node.state not in (NodeState.REQUESTED, NodeState.PULLING):
                return
            node.state = NodeState.PULLING
            pool = await session.get_one(Pool, (node.run_id, node.pool_id))
        await self._pull(pool.pinned_image)
        handle = await self._services.provisioner.launch(
            node_spec(node, pool, services=self._services)
        )
        await self._node_launched(node, handle=handle)
        self._note(node.run_id, f"Node {node.id} was launched with image {pool.image}.")

    async def _node_launched(self, node: Node, *, handle: Handle) -> None:
        async with self._services.database.writing() as session:
            row = await session.get_one(Node, (node.run_id, node.id))
            row.launched_at = self._services.clock()
            if row.state is NodeState.PULLING:
                row.state = NodeState.STARTING
            unwanted = row.state.is_final()
        if unwanted:
            # The run ended while the image was on its way.
            await self._services.provisioner.remove(handle, _AT_ONCE)

    async def _remove(self, action: RemoveNode) -> None:
        if action.handle:
            await self._services.provisioner.remove(action.handle, _GRACE)
        await self._record_end(action.run_id, action.node_id, state=NodeState.STOPPED)

    async def _end_node(self, action: EndNode) -> None:
        await self._record_end(
            action.run_id, action.node_id, state=action.state, reason=action.reason
        )

    async def _record_end(
        self, run_id: str, node_id: str, *, state: NodeState, reason: str | None = None
    ) -> None:
        async with self._services.database.writing() as session:
            node = await node_store.get(session, run_id, node_id=node_id)
            if node is None or node.state.is_final():
                return
            nodes.end(node, state, at=self._services.clock(), message=reason)
        self._note(run_id, f"Node {node_id} is gone. {reason or 'It was no longer needed.'}")

    async def _fail(self, action: FailRun) -> None:
        message = f"{action.reason.rstrip('.')}.{await self._last_words(action.handle)}"
        now = self._services.clock()
        async with self._services.database.writing() as session:
            run = await session.get_one(Run, action.run_id)
            if action.node_id:
                node = await session.get_one(Node, (action.run_id, action.node_id))
                nodes.end(node, NodeState.FAILED, at=now, message=message)
            await lifecycle.finish(session, run, state=State.FAILED, message=message, at=now)
        self._note(action.run_id, message)

    async def _release(self, run_id: str) -> None:
        async with self._services.database.reading() as session:
            run = await runs.get(session, run_id)
        forced = run is not None and run.state is State.KILLED
        await self._remove_all(run_id, grace=_AT_ONCE if forced else _GRACE)
        if run is None or run.released:
            return
        now = self._services.clock()
        async with self._services.database.writing() as session:
            for node in await node_store.living(session, run_id):
                nodes.end(node, NodeState.STOPPED, at=now)
        await self._change_run(run_id, _mark_released)
        self._note(run_id, "The run cluster was taken away.")

    async def _remove_all(self, run_id: str, *, grace: timedelta) -> None:
        provisioner = self._services.provisioner
        inventory = await provisioner.inventory()
        mine = [found for found in inventory.containers if found.run_id == run_id]
        await asyncio.gather(*(provisioner.remove(found.handle, grace) for found in mine))
        for network in inventory.networks:
            if network == run_id:
                await provisioner.remove_network(network)

    async def _pull(self, image: str) -> None:
        limit = self._services.settings.nodes.pull_timeout
        try:
            await asyncio.wait_for(self._pull_persistently(image), limit)
        except TimeoutError as error:
            raise ProvisioningError(
                f"Image {image} was not pulled within {limit:.0f} seconds. Make it smaller, or "
                "have the engine's administrator raise pull_timeout under [nodes]."
            ) from error

    async def _pull_persistently(self, image: str) -> None:
        for pause in _PULL_PAUSES:
            try:
                return await self._services.provisioner.pull(image)
            except ProvisioningError as error:
                logger.warning("pull of %s failed: %s", image, error)
                await asyncio.sleep(pause.total_seconds())
        return await self._services.provisioner.pull(image)

    async def _last_words(self, handle: Handle | None) -> str:
        if handle is None:
            return ""
        lines = await self._services.provisioner.tail(handle, _TAIL_LINES)
        readable = [_TERMINAL_CODES.sub("", line).rstrip() for line in lines]
        said = "\n".join(line for line in readable if line)
        return f" Its last output:\n{said}" if said else ""

    async def _change_run(self, run_id: str, change: Callable[[Run], None]) -> None:
        async with self._services.database.writing() as session:
            change(await session.get_one(Run, run_id))

    def _note(self, run_id: str, text: str) -> None:
        logger.info("run %s: %s", run_id, text, extra={"event": "run_cluster"})
        self._services.logs.note(run_id, text, at=self._services.clock().timestamp())


def _mark_released(run: Run) -> None:
    run.released = True
