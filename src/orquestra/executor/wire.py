"""Messages over a socket that never blocks: what has come so far, and what has still to go.

The form is that of `multiprocessing.connection`, which workers use: the length in four bytes, or -1
and the length in eight, then the pickle.
"""

import pickle
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_READ_SIZE = 64 << 10
_SHORT = struct.Struct("!i")
_LONG = struct.Struct("!Q")
_LONGEST_SHORT = 0x7FFFFFFF


class Ended(Exception):
    """The other side is gone."""


class Wire:
    """One end of a connection. One thread receives and closes; any thread may send."""

    def __init__(self, sock: socket.socket) -> None:
        """Take over a connected socket."""
        sock.settimeout(0)
        self.socket = sock
        self._lock = threading.Lock()
        self._unsent: deque[memoryview] = deque()
        self._received = bytearray()
        self._is_closed = False

    def send(self, message: Any) -> bool:
        """Send a message, as much of it as goes at once. True: `send_more` has to send the rest.

        To the other side, if it is gone, it goes nowhere.
        """
        data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        with self._lock:
            if self._is_closed:
                return False
            waits = bool(self._unsent)
            self._unsent.append(memoryview(_length(data) + data))
            if not waits:
                self._push()
            return bool(self._unsent) and not waits

    def send_more(self) -> bool:
        """Send what goes now of what is left. True: all has gone."""
        with self._lock:
            self._push()
            return not self._unsent

    def receive(self) -> Iterator[Any]:
        """Take what has come; the messages that are complete by now.

        Raises:
            Ended: the other side is gone, and all that it has sent was taken.
            Exception: whatever the unpickling of a message that is none raises.
        """
        try:
            data = self.socket.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            raise Ended from error
        if not data:
            raise Ended
        self._received += data
        yield from self._complete()

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            self._is_closed = True
            self._unsent.clear()
            self.socket.close()

    def _push(self) -> None:
        try:
            while self._unsent:
                view = self._unsent[0]
                sent = self.socket.send(view)
                if sent < len(view):
                    self._unsent[0] = view[sent:]
                else:
                    self._unsent.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._unsent.clear()  # who receives sees the end, and closes
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def _complete(self) -> Iterator[Any]:
        position = 0
        with memoryview(self._received) as view:
            while (found := _next(view[position:])) is not None:
                start, end = found
                yield pickle.loads(view[position + start : position + end])
                position += end
        del self._received[:position]


def _length(data: bytes) -> bytes:
    if len(data) > _LONGEST_SHORT:
        return _SHORT.pack(-1) + _LONG.pack(len(data))
    return _SHORT.pack(len(data))


def _next(view: memoryview) -> tuple[int, int] | None:
    """Where the first message begins and ends; None while it is incomplete."""
    if len(view) < _SHORT.size:
        return None
    (size,) = _SHORT.unpack_from(view)
    start = _SHORT.size
    if size < 0:
        start += _LONG.size
        if len(view) < start:
            return None
        (size,) = _LONG.unpack_from(view, _SHORT.size)
    return (start, start + size) if len(view) >= start + size else None
