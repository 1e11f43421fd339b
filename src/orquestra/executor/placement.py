"""Workers as Ray tasks: Ray finds them a node, holds their resources, and says why they died.

Ray does nothing else for tasks. A worker that waits for room at Ray is what makes its autoscaler
ask for nodes.
"""

import functools
import logging
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import ray
from ray import exceptions as ray_errors

from orquestra.executor import failures
from orquestra.executor.addresses import NODE_VARIABLE
from orquestra.executor.autoscaling import NODE_LABEL, POOL_LABEL
from orquestra.executor.capture import log_path, unread_lines
from orquestra.executor.environments import environment_key
from orquestra.executor.installation import InstallRequest, InstallResult, install
from orquestra.executor.memory import NodeMemory, read_node_memory
from orquestra.executor.progress import Progress, note_path, read_progress
from orquestra.executor.protocol import Hello, WorkerStart
from orquestra.executor.surroundings import (
    Cause,
    Death,
    Died,
    Environment,
    Inbox,
    Installed,
    Installing,
    Requirements,
)
from orquestra.executor.worker import run_worker
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema.cluster import LogStream, NodeId, PoolId

EXAMINATION = timedelta(seconds=20)
"""How long a node may take to be looked at; one that takes longer is taken for lost."""

GRACE = timedelta(seconds=2)
"""How long a worker may outlive its connection."""

_INSTALL_RETRIES = 3
_THREADS = 4

_PASSING = (ray_errors.WorkerCrashedError, ray_errors.OutOfMemoryError, OSError, EOFError)
"""What ends a worker before it is up and may go better the next time, its connection included."""

_NODE_ERRORS = (
    ray_errors.NodeDiedError,
    ray_errors.LocalRayletDiedError,
    ray_errors.ObjectLostError,
)

_logger = logging.getLogger(__name__)


@dataclass
class _Placed:
    """A worker: the reference of its Ray task, and its node once it has come up."""

    reference: Any
    node_id: NodeId | None = None
    is_cancelled: bool = False


class RayPlacement:
    """Brings workers up on the Ray cluster to which this process is connected."""

    def __init__(
        self, *, address: tuple[str, int], key: bytes, inbox: Inbox, exchange: Path
    ) -> None:
        """`address` and `key` are those of the crew: where workers connect to.

        In the `exchange` workers leave notes on what they run.
        """
        self._address = address
        self._key = key
        self._inbox = inbox
        self._exchange = exchange
        self._run_worker = ray.remote(run_worker)
        # The memory that a process holds on a GPU goes only with the process. Others are used
        # again: a worker puts back what its tasks have changed, and a new process takes 0.3 to
        # 0.8 s (two cores).
        self._run_gpu_worker = ray.remote(max_calls=1)(run_worker)
        self._examinations = _Examinations()
        self._install = ray.remote(_install)
        self._placed: dict[str, _Placed] = {}
        self._pythons: dict[tuple[PoolId, Requirements], str] = {}
        # What Ray calls back must not wait on Ray's own thread.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="deaths")

    def start(self, worker_id: str, environment: Environment) -> None:
        """Ask for a worker; it comes up once its pool has room. Exactly one `Died` follows."""
        function = self._run_gpu_worker if environment.demand.gpu else self._run_worker
        task = function.options(
            **_resources(environment),
            max_retries=0,
            name=f"worker {worker_id}",
            runtime_env=self._runtime_env(environment),
        )
        reference = task.remote(WorkerStart(worker_id, self._address, self._key))
        self._placed[worker_id] = _Placed(reference)
        done = functools.partial(self._on_done, worker_id)
        reference.future().add_done_callback(done)

    def cancel(self, worker_id: str) -> None:
        """End a worker, whether it has come up or not. `Died` still follows."""
        placed = self._placed.get(worker_id)
        if placed:
            placed.is_cancelled = True
            ray.cancel(placed.reference, force=True)

    def arrived(self, hello: Hello) -> None:
        """Note where a worker has come up: its node is examined if it dies."""
        placed = self._placed.get(hello.worker_id)
        if placed:
            placed.node_id = hello.node_id

    def lost(self, worker_id: str) -> None:
        """Find out why the connection of a worker has ended, and end it if it has not."""
        # Ray knows soon of a process that is gone. Of one that only hangs, it never does.
        timer = threading.Timer(GRACE.total_seconds(), self._end, (worker_id,))
        timer.daemon = True
        timer.start()

    def install(self, environment: Environment, *, image: str, access: SecretsLogin | None) -> None:
        """Install the requirements on a node of the pool; `Installed` says how it went."""
        needed = environment.requirements
        assert needed
        request = InstallRequest(
            key=environment_key(needed, image=image),
            packages=needed.packages,
            options=needed.pip_options,
            logins=needed.logins,
            # Other requirements are none of its business.
            access=access if needed.logins else None,
        )
        task = self._install.options(
            **_resources(environment), max_retries=_INSTALL_RETRIES, name="install packages"
        )
        done = functools.partial(self._on_installed, environment.pool_id, needed)
        task.remote(request).future().add_done_callback(done)

    def _runtime_env(self, environment: Environment) -> dict[str, Any] | None:
        runtime_env: dict[str, Any] = {}
        if environment.variables:
            runtime_env["env_vars"] = dict(environment.variables)
        if environment.requirements:
            key = environment.pool_id, environment.requirements
            runtime_env["py_executable"] = self._pythons[key]
        return runtime_env or None

    def _end(self, worker_id: str) -> None:
        placed = self._placed.get(worker_id)
        if placed:
            ray.cancel(placed.reference, force=True)

    def _on_installed(
        self, pool_id: PoolId, needed: Requirements, future: "Future[tuple[InstallResult, NodeId]]"
    ) -> None:
        try:
            result, node_id = future.result()
        except Exception as error:  # noqa: BLE001 - Ray's errors have no common root that is enough
            self._inbox.put(Installed(pool_id, needed, _first_line(error)))
            return
        if result.python:
            self._pythons[pool_id, needed] = result.python
        if result.lines:
            self._inbox.put(Installing(pool_id, needed, result.lines, node_id))
        self._inbox.put(Installed(pool_id, needed, result.problem))

    def _on_done(self, worker_id: str, future: "Future[None]") -> None:
        self._threads.submit(self._report_death, worker_id, future, time.monotonic())

    def _report_death(self, worker_id: str, future: "Future[None]", noticed_at: float) -> None:
        placed = self._placed.pop(worker_id)
        death = Death(cause=Cause.NODE_LOST)
        try:
            death = self._death(worker_id, placed, future.exception(), noticed_at)
            for path in _traces(self._exchange, worker_id):
                path.unlink(missing_ok=True)
        except Exception:
            _logger.exception("The death of worker %s could not be explained", worker_id)
        finally:
            self._inbox.put(Died(worker_id, death))

    def _death(
        self, worker_id: str, placed: _Placed, error: BaseException | None, noticed_at: float
    ) -> Death:
        if placed.is_cancelled:
            progress = read_progress(self._exchange, worker_id)
            return Death(cause=Cause.CANCELLED, unread=self._unread(worker_id, progress))
        if error is None:
            return Death(cause=Cause.ENDED)
        error = _behind(error)
        _logger.info("Worker %s on %s died: %s", worker_id, placed.node_id, _first_line(error))
        if placed.node_id is None:
            return _death_before_up(error)
        progress = read_progress(self._exchange, worker_id)
        memory = (
            None
            if isinstance(error, _NODE_ERRORS)
            else self._examinations.of(placed.node_id, since=noticed_at)
        )
        cause = _cause(error, memory=memory, progress=progress)
        used, limit = _amounts(error, memory)
        return Death(
            cause=cause,
            running=progress.number if progress else None,
            started_at=progress.started_at if progress else None,
            unread=self._unread(worker_id, progress),
            used=used,
            limit=limit,
            message=_first_line(error),
        )

    def _unread(
        self, worker_id: str, progress: Progress | None
    ) -> dict[LogStream, tuple[str, ...]]:
        if progress is None or progress.number is None:
            return {}
        return {
            stream: unread_lines(self._exchange, worker_id, stream=stream, start=start)
            for stream, start in progress.handed_on.items()
        }


class _Examinations:
    """Looks at nodes on which workers have died, at each once for all that died by then."""

    def __init__(self) -> None:
        self._examine = ray.remote(read_node_memory)
        self._lock = threading.Lock()
        self._known: dict[NodeId, tuple[float, Future[NodeMemory | None]]] = {}

    def of(self, node_id: NodeId, *, since: float) -> NodeMemory | None:
        """The memory of a node at some time after `since`; None if it cannot be looked at."""
        with self._lock:
            known = self._known.get(node_id)
            is_new = known is None or known[0] < since
            if known is None or is_new:
                known = self._known[node_id] = time.monotonic(), Future()
        _, future = known
        if is_new:
            future.set_result(self._look(node_id))
        return future.result()

    def _look(self, node_id: NodeId) -> NodeMemory | None:
        examine = self._examine.options(
            num_cpus=0, max_retries=0, label_selector={NODE_LABEL: node_id}
        )
        try:
            memory: NodeMemory = ray.get(examine.remote(), timeout=EXAMINATION.total_seconds())
        except Exception as error:  # noqa: BLE001 - others wait for the answer, whatever it is
            _logger.info("Node %s cannot be looked at: %s", node_id, _first_line(error))
            return None
        return memory


def _traces(exchange: Path, worker_id: str) -> Iterator[Path]:
    # Their names are known; the folder may hold many thousands of others.
    yield note_path(exchange, worker_id)
    for stream in LogStream:
        yield log_path(exchange, worker_id, stream)


def _install(request: InstallRequest) -> tuple[InstallResult, NodeId]:
    return install(request), NodeId(os.environ[NODE_VARIABLE])


def _resources(environment: Environment) -> dict[str, Any]:
    return {
        "num_cpus": environment.demand.cpu,
        "num_gpus": environment.demand.gpu,
        "memory": environment.demand.memory or None,
        "label_selector": {POOL_LABEL: environment.pool_id},
    }


def _behind(error: BaseException) -> BaseException:
    """What is behind Ray's wrapper of an error that was raised on another process."""
    wrapped = getattr(error, "cause", None)
    return wrapped if isinstance(wrapped, BaseException) else error


def _death_before_up(error: BaseException) -> Death:
    if isinstance(error, _NODE_ERRORS):
        return Death(cause=Cause.NODE_LOST)
    if isinstance(error, _PASSING):
        message = f"its process died before it was up ({_first_line(error)})"
        return Death(cause=Cause.CRASH, message=message)
    return Death(cause=Cause.UNABLE, message=_first_line(error))


def _cause(error: BaseException, *, memory: NodeMemory | None, progress: Progress | None) -> Cause:
    if memory is None:
        return Cause.NODE_LOST
    kills = progress.oom_kills if progress else memory.oom_kills
    if isinstance(error, ray_errors.OutOfMemoryError) or memory.oom_kills > kills:
        return Cause.OUT_OF_MEMORY
    return Cause.CRASH


def _amounts(error: BaseException, memory: NodeMemory | None) -> tuple[float, float]:
    counted = (memory.peak, memory.limit) if memory else (0, 0)
    return failures.ray_memory(str(error)) or counted


def _first_line(error: BaseException) -> str:
    # The text of this one says first only that it is this one.
    reason = isinstance(error, ray_errors.RuntimeEnvSetupError) and error.error_message
    return next(iter(str(reason or error).splitlines()), type(error).__name__)
