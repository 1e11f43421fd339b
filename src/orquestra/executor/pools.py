"""The pools of the run cluster: the file of Ray's autoscaler, and letting their nodes go."""

import json
import logging
import threading
from datetime import timedelta
from pathlib import Path

from orquestra.executor.autoscaling import autoscaler_config
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import ExecutorError
from orquestra.sdk.schema.cluster import ClusterId, ClusterWork, NodeState, PoolId, PoolPlan

_logger = logging.getLogger(__name__)


class AutoscalerFile:
    """The file that Ray's autoscaler reads anew in every pass, a second apart.

    A pool stays in it for as long as the head lives: the autoscaler would stall on nodes of a pool
    that it does not know. Nobody asks for nodes of one that the engine no longer names.
    """

    def __init__(self, path: Path, *, cluster_id: ClusterId) -> None:
        self._path = path
        self._cluster_id = cluster_id
        self._pools: dict[PoolId, PoolPlan] = {}
        self._written = ""

    def write(self, work: ClusterWork) -> None:
        """Write what has changed, at once: a reader finds the old text or the new one."""
        gone = {
            pool_id: pool.model_copy(update={"min_nodes": 0})
            for pool_id, pool in self._pools.items()
        }
        self._pools = {**gone, **{pool.id: pool for pool in work.pools}}
        config = autoscaler_config(
            self._cluster_id,
            pools=self._pools.values(),
            idle_timeout=timedelta(seconds=work.idle_timeout_seconds),
        )
        # Ray reads YAML, of which JSON is a part.
        text = json.dumps(config, indent=2)
        if text != self._written:
            scratch = self._path.with_suffix(".new")
            scratch.write_text(text)
            scratch.replace(self._path)
            self._written = text


class PoolRelease:
    """Lets the nodes of pools go that no task can use, before they have idled for long."""

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine
        self._least: dict[PoolId, int] = {}

    def update(self, work: ClusterWork) -> None:
        """Note how many nodes each pool is to keep."""
        self._least = {pool.id: pool.min_nodes for pool in work.pools}

    def release(self, pool_id: PoolId) -> None:
        """Ask the engine to let all nodes of a pool go but those it is to keep; returns at once."""
        threading.Thread(target=self._release, args=(pool_id,), name="release", daemon=True).start()

    def _release(self, pool_id: PoolId) -> None:
        try:
            living = [
                node.id
                for node in self._engine.nodes()
                if node.pool_id == pool_id
                and node.state is not NodeState.STOPPING
                and not node.state.is_final()
            ]
            for node_id in living[self._least.get(pool_id, 0) :]:
                self._engine.release_node(node_id)
        except ExecutorError as error:
            # The autoscaler lets them go later, once they have idled.
            _logger.info("Nodes of pool %s could not be let go: %s", pool_id, error)
