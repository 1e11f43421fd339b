"""A Compute Engine that serves on a port, with a head that a test plays."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from orquestra import sdk
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.engine.process.apps import cluster_app, public_app
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema.cluster import Event, LogLines
from tests.unit.engine.conftest import Head, client_of


class LiveEngine:
    """Serves in a thread of its own: each time on the same port, and with the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalogue = MemoryCatalogue()
        base = "127.0.0.1:5000/orquestra/orquestra-sdk-base:2.0.0a1-py3.11"
        self._catalogue.put(base, orquestra_image(content="base"))
        self._number = 0
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = listener.getsockname()[1]

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve meanwhile."""
        ready = threading.Event()
        thread = threading.Thread(target=asyncio.run, args=[self._serve(ready)])
        thread.start()
        assert ready.wait(30)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._stop)
            thread.join()

    def login(self) -> sdk.RuntimeConfig:
        """The login of ada."""
        return sdk.RuntimeConfig.unsaved(
            name="live",
            uri=f"http://127.0.0.1:{self._port}",
            token=self._services.tokens.issue("ada"),
        )

    def store(self, lines: LogLines) -> None:
        """Store lines without a head."""
        self._services.logs.append(lines)

    def tell(self, run_id: str, *events: Event) -> None:
        """Tell, as the head of a run does."""
        self._number += 1
        answer = self._do(self._tell(run_id, events, number=self._number))
        assert answer.status_code == 204, answer.text

    async def _tell(self, run_id: str, events: tuple[Event, ...], *, number: int) -> Any:
        services = self._services
        async with client_of(cluster_app(services)) as client:
            head = Head(
                client=client,
                cluster_id=run_id,
                run_id=run_id,
                token=services.tokens.of_cluster(run_id),
                exchange=services.folder.exchange(run_id),
            )
            return await head.tell(number, events)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        async with memory_engine(self._folder, catalogue=self._catalogue) as self._services:
            config = uvicorn.Config(
                public_app(self._services), log_config=None, lifespan="off", ws="none"
            )
            self._server = uvicorn.Server(config)
            self._server.capture_signals = contextlib.nullcontext
            listener = socket.create_server(("127.0.0.1", self._port))
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._loop.call_soon(ready.set)
            await self._server.serve(sockets=[listener])

    def _stop(self) -> None:
        self._services.works.close()
        self._services.changes.close()
        self._server.should_exit = True
