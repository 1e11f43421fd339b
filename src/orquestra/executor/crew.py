"""The crew: the connections over which the workers of a cluster talk to the executor."""

import logging
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from multiprocessing.connection import (
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from queue import Empty, SimpleQueue
from typing import Any

from orquestra.executor.protocol import Hello
from orquestra.executor.surroundings import (
    Broken,
    FromWorker,
    Inbox,
    Lost,
    Said,
    ToWorker,
)
from orquestra.executor.wire import Ended, Wire

PATIENCE = timedelta(seconds=10)
"""How long a step of letting somebody in may take."""

_PAUSE = timedelta(milliseconds=100)
"""After a worker could not be let in, for instance because too many files are open."""

_BACKLOG = 512
_RINGS = 4096
_BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE

_logger = logging.getLogger(__name__)


class _Member:
    """A worker that was let in."""

    __slots__ = ("wire", "worker_id")

    def __init__(self, worker_id: str, wire: Wire) -> None:
        self.worker_id = worker_id
        self.wire = wire


class SocketCrew:
    """A listener for workers. Two threads: one lets them in, one exchanges messages with them.

    Nobody waits for a worker: what one does not take yet is kept, however long it does not.
    """

    def __init__(self, host: str, *, key: bytes, inbox: Inbox) -> None:
        """Listen on a free port of `host`; `key` authenticates both ends of each connection."""
        self._key = key
        self._inbox = inbox
        self._listener = Listener((host, 0), backlog=_BACKLOG)
        self.address: tuple[str, int] = self._listener.address
        """Where workers are to connect to."""
        self._members: dict[str, _Member] = {}
        self._selector = selectors.DefaultSelector()
        self._errands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        """What the thread that exchanges messages is to do: sockets are its own."""
        self._bell, hearing = socket.socketpair()
        self._bell.settimeout(0)
        self._selector.register(hearing, selectors.EVENT_READ)
        for work in (self._accept_forever, self._exchange_forever):
            threading.Thread(target=self._supervise, args=(work,), daemon=True).start()

    def send(self, worker_id: str, message: ToWorker) -> None:
        """Send a message; never raises or waits: to a worker that is gone it goes nowhere."""
        member = self._members.get(worker_id)
        if member is not None and member.wire.send(message):
            self._run_errand(partial(self._watch, member, _BOTH))

    def close(self, worker_id: str) -> None:
        """End the connection of a worker that is no more; one that is not there is no error."""
        member = self._members.get(worker_id)
        if member is not None:
            self._run_errand(partial(self._forget, member))

    def _supervise(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the executor is told, and ends with it
            self._inbox.put(Broken(error))

    def _accept_forever(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
                # A peer that does not answer must not keep the others out.
                threading.Thread(target=self._let_in, args=(connection,), daemon=True).start()
            except (OSError, RuntimeError) as error:  # too many files or threads, for instance
                _logger.warning("A worker could not be let in: %s", error)
                time.sleep(_PAUSE.total_seconds())

    def _let_in(self, connection: Any) -> None:
        with connection:
            try:
                _limit_waiting(connection)
                deliver_challenge(connection, self._key)
                answer_challenge(connection, self._key)
                hello = connection.recv()
                wire = Wire(socket.socket(fileno=os.dup(connection.fileno())))
            except Exception as error:  # noqa: BLE001 - whatever a peer sends, only it stays out
                _logger.warning("Somebody could not be let in: %r", error)
                return
        if isinstance(hello, Hello):
            self._run_errand(partial(self._welcome, _Member(hello.worker_id, wire), hello))
        else:
            wire.close()

    def _run_errand(self, errand: Callable[[], None]) -> None:
        self._errands.put(errand)
        with suppress(BlockingIOError):  # then it rings already
            self._bell.send(b"!")

    # What follows is done by the thread that exchanges messages.

    def _exchange_forever(self) -> None:
        while True:
            said: list[tuple[str, FromWorker]] = []
            ended: list[_Member] = []
            for key, events in self._selector.select():
                member: _Member | None = key.data
                if member is None:
                    self._do_errands(key.fileobj)
                    continue
                if events & selectors.EVENT_WRITE and member.wire.send_more():
                    self._watch(member, selectors.EVENT_READ)
                if events & selectors.EVENT_READ and not _hear(member, said):
                    ended.append(member)
            if said:
                self._inbox.put(Said(said))
            for member in ended:
                self._forget(member)

    def _do_errands(self, bell: Any) -> None:
        bell.recv(_RINGS)
        with suppress(Empty):
            while True:
                self._errands.get_nowait()()

    def _welcome(self, member: _Member, hello: Hello) -> None:
        self._members[member.worker_id] = member
        self._inbox.put(Said([(member.worker_id, hello)]))
        self._selector.register(member.wire.socket, selectors.EVENT_READ, member)

    def _watch(self, member: _Member, events: int) -> None:
        if self._members.get(member.worker_id) is member:
            self._selector.modify(member.wire.socket, events, member)

    def _forget(self, member: _Member) -> None:
        if self._members.get(member.worker_id) is not member:
            return
        del self._members[member.worker_id]
        self._selector.unregister(member.wire.socket)
        member.wire.close()
        self._inbox.put(Lost(member.worker_id))


def _hear(member: _Member, said: list[tuple[str, FromWorker]]) -> bool:
    """Take what a worker has said; False: its connection has ended."""
    try:
        for message in member.wire.receive():
            said.append((member.worker_id, message))  # noqa: PERF401 - what came before an error counts
    except Ended:
        return False
    except Exception as error:  # noqa: BLE001 - whatever one worker sends, the others go on
        _logger.warning("Worker %s says what is no message: %r", member.worker_id, error)
        return False
    return True


def _limit_waiting(connection: Connection) -> None:
    limit = struct.pack("ll", int(PATIENCE.total_seconds()), 0)
    with socket.socket(fileno=connection.fileno()) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.detach()
