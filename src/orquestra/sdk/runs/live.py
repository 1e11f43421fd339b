"""Following a run as it happens: its lines, its tasks, its nodes.

A stream that breaks, because the network does or because the engine is restarted, is opened again.
Lines go on where they broke off: none is missed, and none comes twice. Of tasks and nodes comes
what they are now: what they were in between may be missed, and what is known may come again.
Meanwhile nothing is known of the run, which is told.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.exceptions import OrquestraError
from orquestra.sdk.logs import LogLine, LogOutput, WorkflowLogs
from orquestra.sdk.runs.waiting import ENGINE_IS_AWAY, RECONNECT_PAUSE, Silence
from orquestra.sdk.runtime import Engine, LiveEvent, Runtime
from orquestra.sdk.schema import api, ir

Kind = WorkflowLogs.WorkflowLogTypeName
_WORDS = {kind: "task" if kind is Kind.PER_TASK else kind.value for kind in Kind}
_sleep = time.sleep
_KINDS = {word: kind for kind, word in _WORDS.items()}

OnOutage = Callable[[OrquestraError | None], None]
"""Is called with why the engine cannot be reached, once, and with None when it is back."""


def warn_of_outage(error: OrquestraError | None) -> None:
    """Warn, on the user's line, that nothing is known of a run for now."""
    if error is not None:
        # With the time: Python shows the same warning of a line only once.
        warn_user(f"At {datetime.now().astimezone():%H:%M:%S}: {error} Trying again.")


@dataclass(frozen=True, kw_only=True)
class RunSnapshot:
    """A run at one moment, as `WorkflowRun.watch` gives it.

    Attributes:
        progress: the state of the run, and how many of its tasks are done.
        tasks: every task run, by its invocation; a message says why one waits or has failed.
        pools: the nodes by container image, gone ones included; without their tasks.
        news: what has changed since the snapshot before.
    """

    progress: api.RunProgress
    tasks: Mapping[str, api.TaskRun]
    pools: Sequence[api.Pool]
    news: api.RunProgress | api.TaskChanges | api.PoolList


def follow_logs(
    runtime: Runtime,
    run_id: str,
    *,
    kinds: Collection[Kind] = (),
    invocation_id: str | None = None,
    on_outage: OnOutage = warn_of_outage,
) -> Iterator[LogLine]:
    """Every line of a run, those that are there and those that come, until it is over.

    Without `kinds` those of all kinds, or with `invocation_id` those of one task.

    Raises:
        NotFoundError: there is no run of that id, or its engine cannot do this.
        RemoteConnectionError: the engine stayed away for five minutes.
        RayNotRunningError: the local runtime did.
        BaseRuntimeError: it said nothing of the run for as long.
    """
    wanted = list(kinds or ([Kind.PER_TASK] if invocation_id else Kind))
    if not isinstance(runtime, Engine):
        yield from _stored_lines(runtime.workflow_logs(run_id, kinds=wanted), invocation_id)
        return
    words = [_WORDS[kind] for kind in wanted]

    def opened(after: str | None) -> Iterator[LiveEvent]:
        return runtime.log_events(run_id, kinds=words, invocation_id=invocation_id, after=after)

    for body in _resumed(opened, on_outage):
        if isinstance(body, api.RunLogLine) and body.kind in _KINDS:
            yield _line(body)


def watch(
    runtime: Engine, run_id: str, *, on_outage: OnOutage = warn_of_outage
) -> Iterator[RunSnapshot]:
    """A run now and after each change, until nothing of it executes any more.

    Raises as `follow_logs` does.
    """

    def opened(after: str | None) -> Iterator[LiveEvent]:
        return runtime.run_events(run_id, after=after)

    tasks: dict[str, api.TaskRun] = {}
    snapshot: RunSnapshot | None = None
    for news in _resumed(opened, on_outage):
        if isinstance(news, api.RunProgress):
            if snapshot is not None and snapshot.progress == news:
                continue  # the last event says only that it is the last
            progress, pools = news, snapshot.pools if snapshot else ()
            snapshot = RunSnapshot(
                progress=progress, tasks=MappingProxyType(tasks), pools=pools, news=news
            )
        elif snapshot is None:
            continue
        elif isinstance(news, api.PoolList):
            snapshot = replace(snapshot, pools=news.pools, news=news)
        elif isinstance(news, api.TaskChanges):
            if news.is_complete:
                tasks = {}
            tasks = tasks | {task.invocation_id: task for task in news.task_runs}
            snapshot = replace(snapshot, tasks=MappingProxyType(tasks), news=news)
        yield snapshot


class _Outage(Silence):
    """A silence that is told of as soon as it is known why."""

    def __init__(self, tell: OnOutage) -> None:
        super().__init__()
        self._tell = tell
        self._is_told = False

    def end(self) -> None:
        super().end()
        self.connected()

    def connected(self) -> None:
        """The engine is there, and has said nothing yet."""
        if self._is_told:
            self._is_told = False
            self._tell(None)

    def check(self, error: OrquestraError | None = None) -> None:
        super().check(error)
        if error is not None and not self._is_told:
            self._is_told = True
            self._tell(error)


def _resumed(
    opened: Callable[[str | None], Iterator[LiveEvent]], on_outage: OnOutage
) -> Iterator[api.Body]:
    """What streams of events tell, one opened after another, up to the last event."""
    after: str | None = None
    silence = _Outage(on_outage)
    while True:
        try:
            for event in opened(after):
                if event.is_opening:
                    silence.connected()
                    continue
                silence.end()
                after = event.id or after
                if event.body is not None:
                    yield event.body
                if event.is_last:
                    return
            silence.check()
        except ENGINE_IS_AWAY as error:
            silence.check(error)
        _sleep(RECONNECT_PAUSE.total_seconds())


def _line(told: api.RunLogLine) -> LogLine:
    return LogLine(
        kind=_KINDS[told.kind],
        text=told.text,
        is_error=told.stream == "err",
        at=told.at,
        task_invocation_id=ir.TaskInvocationId(told.invocation_id) if told.invocation_id else None,
        node_id=told.node_id,
    )


def _stored_lines(logs: WorkflowLogs, invocation_id: str | None) -> Iterator[LogLine]:
    """The lines of a run that has ended where it was started, in this process."""
    for task, output in logs.per_task.items():
        if invocation_id in (None, task):
            yield from _lines(output, LogLine(kind=Kind.PER_TASK, text="", task_invocation_id=task))


def _lines(output: LogOutput, form: LogLine) -> Iterator[LogLine]:
    for text in output.out:
        yield replace(form, text=text)
    for text in output.err:
        yield replace(form, text=text, is_error=True)
