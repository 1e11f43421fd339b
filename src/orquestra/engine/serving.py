"""Serving until told to stop: the public API on a port, the internal one on a Unix socket."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from orquestra.engine.app import cluster_app, public_app
from orquestra.engine.assembly import open_engine
from orquestra.engine.errors import ConfigurationError
from orquestra.engine.reconciling.loop import Reconciler
from orquestra.engine.settings import DataFolder, Settings

logger = logging.getLogger(__name__)


async def serve(settings: Settings) -> None:
    """Run an engine until SIGINT or SIGTERM.

    Run clusters go on without it; the next engine on the same data adopts them.

    Raises:
        ConfigurationError: The engine cannot start as configured.
        ContainerEngineMissing: There is nothing to start containers with.
    """
    with contextlib.closing(_listen(settings.host, settings.port)) as listener:
        async with open_engine(settings) as services:
            reconciler = asyncio.create_task(Reconciler(services).run())
            cluster_socket = str(DataFolder(settings.data).cluster_socket)
            public = _Server(public_app(services), uds=None)
            clusters = _Server(cluster_app(services), uds=cluster_socket)
            try:
                await _serve_all(public, clusters, listener=listener)
            finally:
                reconciler.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reconciler


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            f"The engine cannot listen on {host}:{port}: {error.strerror}. "
            "Choose another port with --port, or another address with --host."
        ) from error


class _Server(uvicorn.Server):
    """A server that leaves signals to us, since there are two of them in one process."""

    def __init__(self, app: FastAPI, *, uds: str | None) -> None:
        super().__init__(uvicorn.Config(app, uds=uds, log_level="warning", access_log=False))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _serve_all(public: _Server, clusters: _Server, *, listener: socket.socket) -> None:
    def stop() -> None:
        public.should_exit = clusters.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as group:
        group.create_task(public.serve(sockets=[listener]))
        group.create_task(clusters.serve())
        host, port = listener.getsockname()[:2]
        # The port has been listening since it was bound, so who reads this can connect.
        logger.info("ready on http://%s:%s", host, port, extra={"event": "ready"})
