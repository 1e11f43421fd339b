"""The driver of a run cluster: connects the executor, Ray, and the engine."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import ray

from orquestra.executor import ray_start
from orquestra.executor.assignment import NO_VERSION, Assignment
from orquestra.executor.autoscaling import HEAD_ID, NODE_LABEL
from orquestra.executor.caching import CacheLookups
from orquestra.executor.crew import SocketCrew
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import ClusterOver
from orquestra.executor.executor import Executor
from orquestra.executor.forwarder import Forwarder
from orquestra.executor.outbox import Outbox
from orquestra.executor.placement import RayPlacement
from orquestra.executor.pools import AutoscalerFile, PoolRelease
from orquestra.executor.surroundings import Events, Inbox, Surroundings
from orquestra.sdk.configuration.platform_login import PLATFORM_SECRETS_URI
from orquestra.sdk.garbage import collect_garbage_seldom
from orquestra.sdk.schema.cluster import HeadBegan, NodeId, NodeJoined
from orquestra.sdk.schema.starts import HeadStart

_CONNECT_PATIENCE = timedelta(seconds=60)
_ANYWHERE = "0.0.0.0"  # noqa: S104 - of a container, in the private network of its cluster
_WATCH_INTERVAL = timedelta(milliseconds=100)

_logger = logging.getLogger(__name__)


def run_driver(start: HeadStart, *, address: str, config: Path) -> int:
    """Drive the cluster until the engine is done with it; then 0.

    `address` is where Ray's head listens; `config` is the file that its autoscaler reads.
    """
    engine = EngineClient(start)
    try:
        with _forwarder(start) as forwarder:
            _drive(start, engine, address=address, config=config, secrets_port=forwarder.port)
    except ClusterOver:
        _logger.info("The engine is done with this run cluster")
    finally:
        engine.close()
    return 0


def _forwarder(start: HeadStart) -> Forwarder:
    """Where tasks ask for secrets: in a network of the cluster's own, or on this machine alone."""
    if start.loopback:
        return Forwarder(start.engine_socket, host=ray_start.LOOPBACK, port=0)
    return Forwarder(
        start.engine_socket, host=_ANYWHERE, port=urlsplit(PLATFORM_SECRETS_URI).port or 0
    )


def _drive(
    start: HeadStart, engine: EngineClient, *, address: str, config: Path, secrets_port: int
) -> None:
    secrets_uri = f"http://{ray_start.LOOPBACK}:{secrets_port}"
    autoscaler = AutoscalerFile(config, cluster_id=start.cluster_id)
    release = PoolRelease(engine)
    work = engine.work(after=NO_VERSION)
    autoscaler.write(work)
    _connect(address, loopback=start.loopback)
    outbox = Outbox(engine, sender="driver")
    surroundings = _surroundings(start, address, engine=engine, events=outbox, release=release)
    local_secrets = secrets_uri if start.loopback else None
    executor = Executor(replace(surroundings, local_secrets=local_secrets))
    outbox.add(HeadBegan(at=datetime.now(UTC), address=address))
    assignment = Assignment(
        engine,
        runner=executor,
        events=outbox,
        autoscaler=autoscaler,
        release=release,
        secrets_uri=secrets_uri,
    )
    outbox.start(on_failure=executor.fail)
    collect_garbage_seldom()
    _supervise("assignment", lambda: assignment.follow(work), on_failure=executor.fail)
    _supervise("nodes", lambda: _report_nodes(outbox), on_failure=executor.fail)
    executor.run_forever()


def _surroundings(
    start: HeadStart,
    address: str,
    *,
    engine: EngineClient,
    events: Events,
    release: PoolRelease,
) -> Surroundings:
    inbox = Inbox()
    key = start.ray_token.encode()
    crew = SocketCrew(address.partition(":")[0], key=key, inbox=inbox)
    exchange = Path(start.folders.exchange)
    placement = RayPlacement(address=crew.address, key=key, inbox=inbox, exchange=exchange)
    return Surroundings(
        inbox=inbox,
        crew=crew,
        placement=placement,
        events=events,
        release_pool=release.release,
        exchange=exchange,
        lookups=CacheLookups(inbox, ask=engine.cached, exchange=exchange),
    )


def _connect(address: str, *, loopback: bool) -> None:
    if loopback:
        ray_start.stay_on_loopback()
    deadline = time.monotonic() + _CONNECT_PATIENCE.total_seconds()
    while True:
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _supervise(
    name: str, work: Callable[[], None], *, on_failure: Callable[[Exception], None]
) -> None:
    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the thread hands every error on
            on_failure(error)

    threading.Thread(target=run, name=name, daemon=True).start()


def _report_nodes(events: Events) -> None:
    seen = {HEAD_ID}
    while True:
        for node in ray.nodes():
            node_id = NodeId(node["Labels"].get(NODE_LABEL, HEAD_ID))
            if node["Alive"] and node_id not in seen:
                seen.add(node_id)
                events.add(NodeJoined(at=datetime.now(UTC), node_id=node_id))
        time.sleep(_WATCH_INTERVAL.total_seconds())
