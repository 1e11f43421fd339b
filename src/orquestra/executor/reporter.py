"""The actor on the head through which workers report: attempts that begin, and their logs.

Workers have no way to the engine; the head has. There is one reporter in a run.
"""

import threading
import time
from collections import defaultdict

from orquestra.executor.calls import Beginning, LogPiece
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.outbox import Outbox
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    HeadStart,
    LogKind,
    LogLine,
    LogLines,
    LogStream,
    TaskStarted,
)

CONCURRENCY = 16

AttemptKey = tuple[ir.TaskInvocationId, int]


class Reporter:
    """Takes reports of workers, several at a time, and passes them to the engine."""

    def __init__(self, start: HeadStart) -> None:
        self._outbox = Outbox(EngineClient(start), sender="reporter")
        self._beginnings: dict[AttemptKey, Beginning] = {}
        self._log_ends: dict[AttemptKey, dict[LogStream, int]] = defaultdict(dict)
        self._closed = False
        self._lock = threading.Lock()

    def begin(self, beginning: Beginning) -> bool:
        """Note that an attempt begins. False: it must not, since another task has failed."""
        with self._lock:
            if self._closed:
                return False
            self._beginnings[beginning.invocation_id, beginning.attempt] = beginning
        self._outbox.add(
            TaskStarted(
                at=beginning.at,
                invocation_id=beginning.invocation_id,
                attempt=beginning.attempt,
                node_id=beginning.node_id,
            )
        )
        return True

    def log(self, piece: LogPiece) -> None:
        """Take lines that an attempt has written."""
        now = time.time()
        key = (piece.invocation_id, piece.attempt)
        self._outbox.add(
            LogLines(
                kind=LogKind.TASK,
                stream=piece.stream,
                lines=[LogLine(at=now, text=text) for text in piece.lines],
                invocation_id=piece.invocation_id,
                node_id=piece.node_id,
            )
        )
        with self._lock:
            self._log_ends[key][piece.stream] = piece.end

    def log_ends(self, key: AttemptKey) -> dict[LogStream, int]:
        """How far the logs of an attempt have been read."""
        with self._lock:
            return dict(self._log_ends[key])

    def beginning(self, key: AttemptKey) -> Beginning | None:
        """Where and when an attempt has begun, if it has."""
        with self._lock:
            return self._beginnings.get(key)

    def close(self) -> set[AttemptKey]:
        """Let no further attempt begin; those that have ever begun."""
        with self._lock:
            self._closed = True
            return set(self._beginnings)

    def flush(self) -> None:
        """Wait until the engine has all that was reported."""
        self._outbox.flush()
