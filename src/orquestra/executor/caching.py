"""Whether results of earlier runs can be used again: keys of inputs, and the engine's answers.

Computing a key reads values, and asking takes a request: a thread of its own does both, for many
jobs at once, and for one run after the other in turn. Nothing here is worth a failure: whatever
goes wrong, the task runs.
"""

import hashlib
import json
import logging
import platform
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from orquestra.executor.digests import Digests
from orquestra.executor.jobs import Job
from orquestra.executor.protocol import Argument
from orquestra.executor.surroundings import Answer, Answered, Inbox, Question
from orquestra.sdk.schema.cluster import HOST_IMAGE, CacheAnswer, CachedResult, CacheQuery
from orquestra.sdk.schema.workflow_run import WorkflowRunId

_MOST_AT_ONCE = 500
_TURN = timedelta(milliseconds=100)
"""How long keys of one run are computed before it is the turn of another."""

_logger = logging.getLogger(__name__)

Ask = Callable[[WorkflowRunId, CacheQuery], CacheAnswer]
Keyed = tuple[Question, str | None]


class _Waiting:
    """The questions of one run, and the digests of its values."""

    __slots__ = ("digests", "questions")

    def __init__(self, digests: Digests) -> None:
        self.digests = digests
        self.questions: deque[Question] = deque()


class CacheLookups:
    """The thread that finds answers; they come into the inbox."""

    def __init__(self, inbox: Inbox, *, ask: Ask, exchange: Path) -> None:
        """`ask` asks the engine; it may take any time, and may raise."""
        self._inbox = inbox
        self._ask = ask
        self._exchange = exchange
        self._runs: dict[WorkflowRunId, _Waiting] = {}
        self._turns: OrderedDict[WorkflowRunId, _Waiting] = OrderedDict()
        """Runs with questions; the first one is next."""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def ask(self, question: Question) -> None:
        """Find the answer to a question; returns at once."""
        run_id = question.job.run_id
        with self._changed:
            run = self._runs.get(run_id)
            if run is None:
                digests = Digests(
                    self._exchange, modules=question.modules, fingerprints=question.fingerprints
                )
                run = self._runs[run_id] = _Waiting(digests)
            run.questions.append(question)
            self._turns[run_id] = run
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cache", daemon=True)
            self._thread.start()

    def forget(self, run_id: WorkflowRunId) -> None:
        """Drop the questions of a run."""
        with self._changed:
            self._turns.pop(run_id, None)
            run = self._runs.pop(run_id, None)
            if run is not None:
                run.questions.clear()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._turns)
                run_id, run = self._turns.popitem(last=False)
            batch = self._batch(run)
            with self._changed:
                if run.questions:
                    self._turns[run_id] = run
            if batch:
                self._inbox.put(Answered(self._answers(run_id, batch)))

    def _batch(self, run: _Waiting) -> list[Keyed]:
        end = time.monotonic() + _TURN.total_seconds()
        batch: list[Keyed] = []
        while len(batch) < _MOST_AT_ONCE and (not batch or time.monotonic() < end):
            with self._changed:
                if not run.questions:  # the run may be over
                    break
                question = run.questions.popleft()
            batch.append((question, self._key(question, run.digests)))
        return batch

    def _answers(self, run_id: WorkflowRunId, batch: Sequence[Keyed]) -> list[Answer]:
        wanted = [(question, key) for question, key in batch if key is not None]
        found: dict[Job, CachedResult | None] = {}
        try:
            if wanted:
                keys = [(key, question.policy.max_age_seconds) for question, key in wanted]
                results = self._ask(run_id, CacheQuery(keys=keys)).results
                found = {asked.job: each for (asked, _), each in zip(wanted, results, strict=True)}
        except Exception as error:  # noqa: BLE001 - the tasks can run all the same
            _logger.warning("Results of earlier runs could not be looked up: %s", error)
        return [Answer(question.job, key, found.get(question.job)) for question, key in batch]

    def _key(self, question: Question, digests: Digests) -> str | None:
        try:
            return cache_key(question, digest=digests.of)
        except Exception as error:  # noqa: BLE001 - the task can run all the same
            name = question.job.name
            _logger.warning("The inputs of %s cannot be compared with others: %s", name, error)
            return None


def cache_key(question: Question, *, digest: Callable[[Argument], bytes]) -> str:
    """The key of a job's result: the same for the same code, environment and inputs.

    `digest` gives that of an argument, and may raise. What a task asks for of a node does not
    count.
    """
    environment = question.job.kind.team.environment
    needed = environment.requirements
    arguments, keywords = question.given
    content = [
        question.policy.fingerprint,
        # Host processes have no image: they use the engine's own Python.
        _host_packages() if question.image == HOST_IMAGE else question.image,
        [sorted(needed.packages), needed.pip_options] if needed else None,
        environment.variables,
        [digest(argument).hex() for argument in arguments],
        sorted((name, digest(argument).hex()) for name, argument in keywords),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@cache
def _host_packages() -> str:
    """What takes the place of an image: this Python and what is installed in it.

    Once for a head: its workers too keep what they have imported.
    """
    installed = sorted({f"{found.name}=={found.version}" for found in distributions()})
    packages = hashlib.sha256("\n".join(installed).encode()).hexdigest()
    return f"{HOST_IMAGE} {platform.python_version()} {packages}"
