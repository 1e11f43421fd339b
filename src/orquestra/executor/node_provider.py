"""The class through which Ray's autoscaler sees and changes the nodes of its run cluster.

Ray 2.60's autoscaler v2 wraps it in its own `NodeProviderAdapter`, which calls few of the many
methods of the old provider interface: those below. All state is the engine's, so the provider may
be made anew at any moment. The head is no node of the engine's list, but the adapter needs to see
it: without it the autoscaler takes its own head for terminated and stops scaling.
"""

import itertools
import os
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ray.autoscaler.node_provider import NodeProvider
from ray.autoscaler.tags import (
    NODE_KIND_HEAD,
    NODE_KIND_WORKER,
    STATUS_UP_TO_DATE,
    TAG_RAY_LAUNCH_REQUEST,
    TAG_RAY_NODE_KIND,
    TAG_RAY_NODE_STATUS,
    TAG_RAY_USER_NODE_TYPE,
)

from orquestra.executor.autoscaling import HEAD_ID, HEAD_TYPE
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import PoolFull
from orquestra.sdk.schema.cluster import ClusterNode, NodeId, NodeRequest, NodeState, PoolId
from orquestra.sdk.schema.starts import START_VARIABLE, HeadStart

GRANT_LIMIT = timedelta(seconds=15)
"""How long a pool may have no room; a node that stops is gone in a third of it."""

_GRANT_PAUSE = 0.5

_HEAD_TAGS = {
    TAG_RAY_NODE_KIND: NODE_KIND_HEAD,
    TAG_RAY_USER_NODE_TYPE: HEAD_TYPE,
    TAG_RAY_NODE_STATUS: STATUS_UP_TO_DATE,
}


class EngineNodeProvider(NodeProvider):  # type: ignore[misc]  # Ray publishes no types
    """Nodes from the engine. `non_terminated_nodes` asks it; what describes a node is remembered.

    Each pass of the autoscaler begins with one listing, and reads tags and states from it.
    """

    def __init__(
        self,
        provider_config: dict[str, Any],
        cluster_name: str,
        *,
        engine: EngineClient | None = None,
    ) -> None:
        """Ray makes it without an engine: then the head's own start says where that is."""
        super().__init__(provider_config, cluster_name)
        self._engine = engine or EngineClient(
            HeadStart.model_validate_json(os.environ[START_VARIABLE])
        )
        self._listing: dict[str, ClusterNode] = {}

    def non_terminated_nodes(self, tag_filters: Mapping[str, str]) -> list[str]:
        """Ids of the nodes that exist or will, the head's included."""
        self._listing = {
            node.id: node for node in self._engine.nodes() if not node.state.is_final()
        }
        return [
            node_id
            for node_id in (HEAD_ID, *self._listing)
            if tag_filters.items() <= self.node_tags(node_id).items()
        ]

    def node_tags(self, node_id: str) -> dict[str, str]:
        """The autoscaler's own notes on a node, as the engine keeps them."""
        if node_id == HEAD_ID:
            return dict(_HEAD_TAGS)
        node = self._listing[node_id]
        kind = {TAG_RAY_NODE_KIND: NODE_KIND_WORKER, TAG_RAY_USER_NODE_TYPE: node.pool_id}
        return {**node.tags, **kind}

    def is_running(self, node_id: str) -> bool:
        """Whether the node's container has started."""
        return node_id == HEAD_ID or self._listing[node_id].state in (
            NodeState.STARTING,
            NodeState.READY,
        )

    def is_terminated(self, node_id: str) -> bool:
        """Whether the node is gone."""
        return node_id != HEAD_ID and node_id not in self._listing

    def create_node_with_resources_and_labels(
        self,
        node_config: dict[str, Any],  # noqa: ARG002
        tags: dict[str, str],
        count: int,
        resources: dict[str, float],  # noqa: ARG002
        labels: dict[str, str],  # noqa: ARG002
    ) -> None:
        """Ask the engine for nodes, and again for those that it does not grant at once.

        Ray counts a node out when it begins to stop, the engine when it is gone: in between, a
        pool at its cap has no room yet. Ray itself would wait minutes before it asks again.

        Raises:
            PoolFull: there was no room for too long; Ray then plans anew.
        """
        pool_id = PoolId(tags[TAG_RAY_USER_NODE_TYPE])
        end = time.monotonic() + GRANT_LIMIT.total_seconds()
        missing = count
        for number in itertools.count():
            # One launch request of Ray may cover several pools.
            request_id = f"{tags[TAG_RAY_LAUNCH_REQUEST]}/{pool_id}/{number}"
            granted = self._engine.request_nodes(
                NodeRequest(request_id=request_id, pool_id=pool_id, count=missing, tags=tags)
            )
            missing -= len(granted)
            if missing <= 0:
                return
            if time.monotonic() > end:
                raise PoolFull(f"Pool {pool_id} has no room for {missing} more nodes")
            time.sleep(_GRANT_PAUSE)

    def terminate_nodes(self, node_ids: list[str]) -> None:
        """Give nodes back."""
        for node_id in node_ids:
            self.terminate_node(node_id)

    def terminate_node(self, node_id: str) -> None:
        """Give one node back."""
        self._engine.release_node(NodeId(node_id))
