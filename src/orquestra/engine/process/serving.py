"""Serving until told to stop: the public API on a port, the internal one on a Unix socket."""

import asyncio
import contextlib
import logging
import os
import pwd
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from orquestra.engine.errors import BadRequest, ConfigurationError
from orquestra.engine.process.apps import cluster_app, public_app
from orquestra.engine.process.assembly import open_engine
from orquestra.engine.reconciling.loop import Reconciler
from orquestra.engine.reconciling.parking import end_standbys, park_all, park_lost
from orquestra.engine.secrets import service as secrets
from orquestra.engine.services import EngineServices
from orquestra.engine.settings import DataFolder, Settings
from orquestra.engine.users import service as users
from orquestra.engine.workspaces.names import check_id
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.garbage import collect_garbage_seldom
from orquestra.sdk.open_files import allow_many_files
from orquestra.sdk.packaging import get_installed_version

logger = logging.getLogger(__name__)

_LOCAL_TOKEN_LIFETIME = timedelta(days=3650)
_LONGEST_SOCKET_PATH = 103
"""What macOS permits; Linux permits four more."""

_CONNECTIONS_LIMIT = timedelta(seconds=5)
"""How long open requests may go on when the engine stops."""


def run(settings: Settings) -> None:
    """Serve on an event loop of its own, the fast one where it is installed.

    Raises as `serve` does.
    """
    collect_garbage_seldom()
    allow_many_files()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ModuleNotFoundError:  # there is none for Windows
        return None
    return uvloop.new_event_loop


async def serve(settings: Settings) -> None:
    """Run an engine until SIGINT or SIGTERM.

    Run clusters go on without it; the next engine on the same data adopts them. Those of a local
    engine are taken away when it stops, and what they execute goes on at its next start.

    Raises:
        ConfigurationError: The engine cannot start as configured.
        ContainerEngineMissing: There is nothing to start containers with.
    """
    cluster_socket = _socket(settings)
    with (
        contextlib.closing(_listen(settings.host, settings.port)) as listener,
        _removed_at_the_end(Path(cluster_socket)),
    ):
        async with open_engine(settings) as services:
            await secrets.tell_of_keys(services)
            public = _Server(public_app(services), uds=None, proxies=settings.trusted_proxies)
            clusters = _Server(cluster_app(services), uds=cluster_socket)
            stopping = _stopping_on_signals(services, servers=(public, clusters))
            with stopping:
                async with _clusters(services):
                    await _serve_all(public, clusters, listener=listener, services=services)


@contextmanager
def _removed_at_the_end(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # nor was it made where its folder cannot be
            path.unlink()


@asynccontextmanager
async def _clusters(services: EngineServices) -> AsyncIterator[None]:
    """Look after run clusters meanwhile.

    Those that execute a run go on without a Compute Engine; after a local engine none is left.
    """
    local = services.settings.local
    if local:
        await park_lost(services)
    reconciler = asyncio.create_task(Reconciler(services).run())
    try:
        yield
    finally:
        reconciler.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reconciler
        await (park_all(services) if local else end_standbys(services))


def _socket(settings: Settings) -> str:
    path = str(DataFolder(settings.data).cluster_socket)
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise ConfigurationError(
            f"The data folder {settings.data} has too long a name: sockets lie in it, whose paths "
            f"have at most {_LONGEST_SOCKET_PATH} bytes. Choose a shorter one with --data, or "
            f"with {local_engine.DATA_VARIABLE} for the local runtime."
        )
    return path


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
        # asyncio sets it on sockets of a listener of its own only. Without it, every answer on a
        # connection that is kept waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise ConfigurationError(
            f"The engine cannot listen on {host}:{port}: {error.strerror}. "
            "Choose another port with --port, or another address with --host."
        ) from error
    return listener


_Network = IPv4Network | IPv6Network


class _Server(uvicorn.Server):
    """A server that leaves signals to us, since there are two of them in one process."""

    def __init__(self, app: FastAPI, *, uds: str | None, proxies: Sequence[_Network] = ()) -> None:
        limit = int(_CONNECTIONS_LIMIT.total_seconds())
        super().__init__(
            uvicorn.Config(
                app,
                uds=uds,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=limit,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=[str(proxy) for proxy in proxies],
            )
        )
        logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    # The server reports each request that it breaks off when the engine stops as a failure.
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


@contextmanager
def _stopping_on_signals(services: EngineServices, *, servers: Sequence[_Server]) -> Iterator[None]:
    """Let signals stop the servers, in an orderly way also before these have begun."""

    def stop() -> None:
        # Those who wait for news get an answer, so that their connections can be closed.
        services.works.close()
        services.changes.close()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _serve_all(
    public: _Server, clusters: _Server, *, listener: socket.socket, services: EngineServices
) -> None:
    host, port = listener.getsockname()[:2]
    async with _announced(services, url=f"http://{host}:{port}"), asyncio.TaskGroup() as group:
        group.create_task(public.serve(sockets=[listener]))
        group.create_task(clusters.serve())
        # The port has been listening since it was bound, so who reads this can connect.
        logger.info("ready on http://%s:%s", host, port, extra={"event": "ready"})


def _user() -> str:
    """Whose runs those of a local engine are; not what variables of a shell say."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
        check_id(name, noun="user")
    except (KeyError, BadRequest):  # a container may run as an id without a name
        return f"user-{os.getuid()}"
    return name


@asynccontextmanager
async def _announced(services: EngineServices, *, url: str) -> AsyncIterator[None]:
    """Let clients on this machine find a local engine, as long as it serves."""
    settings = services.settings
    if not settings.local:
        yield
        return
    async with services.database.writing() as session:
        user = await users.ensure(session, _user(), at=services.clock(), is_local=True)
    token = services.tokens.issue(user.id, lifetime=_LOCAL_TOKEN_LIFETIME)
    version = get_installed_version("orquestra-sdk")
    file = local_engine.LocalEngineFile(pid=os.getpid(), url=url, token=token, version=version)
    local_engine.write(settings.data, file)
    try:
        yield
    finally:
        local_engine.delete(settings.data)
