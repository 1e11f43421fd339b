"""What there is to tell the engine of attempts, gathered for one turn of the executor."""

from collections.abc import Callable, Iterable, Sequence

from orquestra.executor.capture import MOST_LINES
from orquestra.executor.jobs import Job
from orquestra.executor.protocol import Hello
from orquestra.executor.runs import Run
from orquestra.executor.surroundings import Events
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    AttemptBeginning,
    AttemptEnding,
    AttemptsBegan,
    AttemptsEnded,
    Cause,
    Location,
    LogKind,
    LogLine,
    LogLines,
    LogStream,
    MapOpened,
    NodeId,
    StoredValue,
)
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId


class _Page:
    """What is to be told of one run."""

    __slots__ = ("began", "ended", "values")

    def __init__(self) -> None:
        self.began: list[AttemptBeginning] = []
        self.ended: list[AttemptEnding] = []
        self.values: list[StoredValue] = []


class Journal:
    """Attempts that have begun and ended since it was last posted; lines are posted at once."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._pages: dict[WorkflowRunId, _Page] = {}

    def began(self, job: Job, hello: Hello, *, started_at: float) -> None:
        """An attempt runs."""
        ready_at = min(job.ready_at, started_at)
        self._page(job.run_id).began.append(
            AttemptBeginning(job.name, job.attempt, hello.node_id, ready_at, hello.at, started_at)
        )

    def succeeded(
        self, job: Job, hello: Hello, *, span: tuple[float, float], values: Iterable[StoredValue]
    ) -> None:
        """An attempt has succeeded and made these values. `span`: when it began and ended."""
        page = self._page(job.run_id)
        page.ended.append(_ending(job, State.SUCCEEDED, hello=hello, span=span))
        page.values.extend(values)

    def reused(
        self, job: Job, *, at: float, values: Iterable[StoredValue], of: WorkflowRunId
    ) -> None:
        """An attempt needed no call: it has the values of another run."""
        page = self._page(job.run_id)
        ending = _ending(job, State.SUCCEEDED, hello=None, span=(None, at))
        page.ended.append(ending._replace(message=f"Reused the result of run {of}"))
        page.values.extend(values)

    def opened(self, job: Job, length: int) -> None:
        """The length of a map has become known. It is told at once, before any element."""
        event = MapOpened(run_id=job.run_id, invocation_id=job.invocation_id, length=length)
        self._events.add(event)

    def failed(
        self,
        job: Job,
        hello: Hello | None,
        *,
        span: tuple[float | None, float],
        final: bool,
        message: str,
        cause: Cause | None = None,
    ) -> None:
        """An attempt has failed; the beginning of `span` is None if it had none."""
        ending = _ending(job, State.FAILED, hello=hello, span=span)
        self._page(job.run_id).ended.append(
            ending._replace(final=final, message=message, cause=cause)
        )

    def stored(self, run: Run, now: float) -> None:
        """Repeat the ends of tasks whose results are stored.

        A lost head may have stored a result without having told of the task's end.
        """
        page = self._page(run.run_id)
        for name in run.done():
            attempt = max(1, run.attempts[name])
            page.ended.append(
                AttemptEnding(
                    name,
                    attempt,
                    State.SUCCEEDED,
                    final=True,
                    node_id=None,
                    ready_at=now,
                    worker_ready_at=None,
                    started_at=None,
                    ended_at=now,
                    message=None,
                )
            )

    def lines(
        self,
        job: Job,
        hello: Hello,
        *,
        stream: LogStream,
        lines: Iterable[tuple[float, str]],
        posted: Callable[[], None],
    ) -> None:
        """An attempt has written lines; `posted` is called once the engine has them."""
        told = [LogLine(at=at, text=text) for at, text in lines]
        self._events.add_lines(_task_lines(job, hello, stream, told), posted=posted)

    def last_lines(
        self, job: Job, hello: Hello, *, stream: LogStream, lines: Sequence[str], at: float
    ) -> None:
        """An attempt that its worker did not survive has written these lines at its end."""
        for begin in range(0, len(lines), MOST_LINES):
            told = [LogLine(at=at, text=text) for text in lines[begin : begin + MOST_LINES]]
            self._events.add(_task_lines(job, hello, stream, told))

    def setup_lines(
        self,
        run_ids: Iterable[WorkflowRunId],
        lines: Iterable[tuple[float, str]],
        *,
        node_id: NodeId | None,
    ) -> None:
        """The installation of what runs need has written lines."""
        told = [LogLine(at=at, text=text) for at, text in lines]
        for run_id in run_ids:
            self._events.add(
                LogLines(
                    run_id=run_id,
                    kind=LogKind.ENV_SETUP,
                    stream=LogStream.OUT,
                    lines=told,
                    node_id=node_id,
                )
            )

    def post(self) -> None:
        """Tell what has been gathered: for each run what began, then what ended."""
        pages, self._pages = self._pages, {}
        for run_id, page in pages.items():
            # Nothing here comes from outside, and checking ten thousand entries takes long.
            if page.began:
                self._events.add(AttemptsBegan.model_construct(run_id=run_id, attempts=page.began))
            if page.ended:
                self._events.add(
                    AttemptsEnded.model_construct(
                        run_id=run_id, attempts=page.ended, values=page.values
                    )
                )

    def _page(self, run_id: WorkflowRunId) -> _Page:
        page = self._pages.get(run_id)
        if page is None:
            page = self._pages[run_id] = _Page()
        return page


def stored_values(
    keeps: Iterable[ir.ArtifactNodeId], values: Iterable[Location]
) -> Iterable[StoredValue]:
    """Artifacts and where they lie."""
    return map(StoredValue, keeps, values)


def _task_lines(job: Job, hello: Hello, stream: LogStream, lines: list[LogLine]) -> LogLines:
    return LogLines(
        run_id=job.run_id,
        kind=LogKind.TASK,
        stream=stream,
        lines=lines,
        invocation_id=job.invocation_id,
        node_id=hello.node_id,
    )


def _ending(
    job: Job, state: State, *, hello: Hello | None, span: tuple[float | None, float]
) -> AttemptEnding:
    started_at, ended_at = span
    began = hello is not None and started_at is not None
    # What was sent ahead was ready when it began, by the clock of its worker.
    latest = started_at if began and started_at is not None else ended_at
    return AttemptEnding(
        job.name,
        job.attempt,
        state,
        final=True,
        node_id=hello.node_id if hello else None,
        ready_at=latest if job.ahead else min(job.ready_at, latest),
        worker_ready_at=hello.at if hello and began else None,
        started_at=started_at if began else None,
        ended_at=ended_at,
        message=None,
        cache_key=job.cache_key if state is State.SUCCEEDED else None,
    )
