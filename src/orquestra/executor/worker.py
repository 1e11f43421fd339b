"""One attempt of a task, inside a Ray task on a node."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ray

from orquestra.executor.calls import Beginning, Call, LogPiece, Outcome
from orquestra.executor.capture import Capture, log_path, unread_lines
from orquestra.executor.evaluation import TaskProblem, evaluate
from orquestra.executor.memory import NodeMemory, read_node_memory
from orquestra.executor.reporter import AttemptKey
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import LogStream, NodeId
from orquestra.sdk.values import SerializedValue


def run_attempt(call: Call, function: ir.FunctionRef, reporter: Any, *inputs: bytes) -> Any:
    """Run one attempt: its outcome, then the values that are kept, as bytes."""
    beginning = Beginning(
        invocation_id=call.invocation_id,
        attempt=call.attempt,
        node_id=_node_id(),
        at=datetime.now(UTC),
        oom_kills=read_node_memory().oom_kills,
    )
    if not ray.get(reporter.begin.remote(beginning)):
        return _reply(call, beginning, begun=False)
    with Capture(_log_paths(call), sink=_LogSender(call, reporter)):
        try:
            kept = evaluate(call, function, inputs)
        except TaskProblem as problem:
            return _reply(call, beginning, problem=str(problem))
    return _reply(call, beginning, kept=kept)


def examine_node(key: AttemptKey, log_ends: dict[LogStream, int]) -> tuple[NodeMemory, Any]:
    """Look at a node after a worker on it was killed: its memory, and the rest of the logs."""
    rest = {
        stream: unread_lines(log_path(*key, stream), log_ends.get(stream, 0))
        for stream in LogStream
    }
    return read_node_memory(), rest


class _LogSender:
    """Hands lines to the reporter. Waiting for it keeps a chatty task from flooding the head."""

    def __init__(self, call: Call, reporter: Any) -> None:
        self._call = call
        self._reporter = reporter

    def __call__(self, stream: LogStream, lines: tuple[str, ...], end: int) -> None:
        piece = LogPiece(
            invocation_id=self._call.invocation_id,
            attempt=self._call.attempt,
            node_id=_node_id(),
            stream=stream,
            lines=lines,
            end=end,
        )
        ray.get(self._reporter.log.remote(piece))


def _node_id() -> NodeId:
    return NodeId(os.environ["RAY_CLOUD_INSTANCE_ID"])


def _log_paths(call: Call) -> dict[LogStream, Path]:
    return {stream: log_path(call.invocation_id, call.attempt, stream) for stream in LogStream}


def _reply(
    call: Call,
    beginning: Beginning,
    *,
    kept: Sequence[SerializedValue] = (),
    problem: str | None = None,
    begun: bool = True,
) -> Any:
    outcome = Outcome(
        node_id=beginning.node_id,
        started_at=beginning.at,
        ended_at=datetime.now(UTC),
        formats=tuple(value.format for value in kept),
        problem=problem,
        begun=begun,
    )
    if not call.keeps:
        return outcome
    if problem or not begun:
        return (outcome, *(None for _ in call.keeps))
    return (outcome, *(value.data for value in kept))
