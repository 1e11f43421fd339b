"""The driver of a run: connects the executor, Ray, and the engine."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from orquestra.executor.autoscaling import HEAD_ID, NODE_LABEL
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import BadGraph, RunOver
from orquestra.executor.executor import Executor, Surroundings
from orquestra.executor.outbox import Outbox
from orquestra.executor.ray_dispatch import RayDispatch
from orquestra.executor.ray_processes import GCS_PORT
from orquestra.executor.reporter import CONCURRENCY, Reporter
from orquestra.sdk.schema.cluster import HeadStart, NodeId, NodeJoined, RunFinished, RunPlan
from orquestra.sdk.schema.workflow_run import State

_CONNECT_PATIENCE = timedelta(seconds=60)
_WATCH_INTERVAL = timedelta(milliseconds=500)

_logger = logging.getLogger(__name__)


def run_driver(start: HeadStart) -> int:
    """Drive the run to its end; 0 when it is over and the engine knows."""
    engine = EngineClient(start)
    try:
        _drive(start, engine)
    except RunOver:
        _logger.info("The engine has ended the run")
    finally:
        engine.close()
    return 0


def _drive(start: HeadStart, engine: EngineClient) -> None:
    plan = engine.plan()
    _connect()
    reporter = _start_reporter(start)
    dispatch = RayDispatch(plan, store=engine, reporter=reporter)
    outbox = Outbox(
        engine,
        sender="driver",
        # What a worker reported about an attempt reaches the engine before the attempt's end.
        before_posting=lambda: ray.get(reporter.flush.remote()),
        on_failure=dispatch.abort,
    )
    watch = _Watch(engine=engine, outbox=outbox, dispatch=dispatch)
    threading.Thread(target=watch.run_forever, name="watch", daemon=True).start()
    surroundings = Surroundings(dispatch=dispatch, artifacts=engine, events=outbox)
    outbox.add(_walk(plan, surroundings))
    outbox.flush()


def _walk(plan: RunPlan, surroundings: Surroundings) -> RunFinished:
    try:
        return Executor(plan, surroundings).run()
    except BadGraph as error:
        # Another head would fail in the same way.
        return RunFinished(at=datetime.now(UTC), state=State.FAILED, message=str(error))


def _connect() -> None:
    deadline = time.monotonic() + _CONNECT_PATIENCE.total_seconds()
    while True:
        try:
            ray.init(address=f"127.0.0.1:{GCS_PORT}", log_to_driver=False, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _start_reporter(start: HeadStart) -> Any:
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(Reporter).options(
        num_cpus=0, max_concurrency=CONCURRENCY, scheduling_strategy=here
    )
    return actor.remote(start)


@dataclass(frozen=True, kw_only=True)
class _Watch:
    """Watches, beside the walk, for nodes that join and for a run that the engine has ended."""

    engine: EngineClient
    outbox: Outbox
    dispatch: RayDispatch

    def run_forever(self) -> None:
        """Watch for as long as the process lives; what goes wrong ends the walk."""
        seen = {HEAD_ID}
        try:
            while True:
                self._report_joined(seen)
                self.engine.nodes()  # says whether the run is over; a quiet walk would not notice
                time.sleep(_WATCH_INTERVAL.total_seconds())
        except Exception as error:  # noqa: BLE001 - the thread hands every error on
            self.dispatch.abort(error)

    def _report_joined(self, seen: set[NodeId]) -> None:
        for node in ray.nodes():
            node_id = NodeId(node["Labels"].get(NODE_LABEL, HEAD_ID))
            if node["Alive"] and node_id not in seen:
                seen.add(node_id)
                self.outbox.add(NodeJoined(at=datetime.now(UTC), node_id=node_id))
