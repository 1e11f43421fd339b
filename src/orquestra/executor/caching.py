"""Whether results of earlier runs can be used again: keys of inputs, and the engine's answers.

Computing a key reads values, and asking takes a request: a thread of its own does both, for many
jobs at once. Nothing here is worth a failure: whatever goes wrong, the task runs.
"""

import hashlib
import json
import logging
import platform
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from orquestra.executor.digests import Digests
from orquestra.executor.protocol import Argument
from orquestra.executor.surroundings import Answer, Answered, Inbox, Question
from orquestra.sdk.schema.cluster import HOST_IMAGE, CacheAnswer, CachedResult, CacheQuery
from orquestra.sdk.schema.workflow_run import WorkflowRunId

_MOST_AT_ONCE = 500

_logger = logging.getLogger(__name__)

Ask = Callable[[WorkflowRunId, CacheQuery], CacheAnswer]


class CacheLookups:
    """The thread that finds answers; they come into the inbox."""

    def __init__(self, inbox: Inbox, *, ask: Ask, exchange: Path) -> None:
        """`ask` asks the engine; it may take any time, and may raise."""
        self._inbox = inbox
        self._ask = ask
        self._digests = Digests(exchange)
        self._questions: SimpleQueue[Question] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, question: Question) -> None:
        """Find the answer to a question; returns at once."""
        self._questions.put(question)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cache", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            by_run: dict[WorkflowRunId, list[Question]] = defaultdict(list)
            for question in self._batch():
                by_run[question.job.run_id].append(question)
            for run_id, questions in by_run.items():
                self._inbox.put(Answered(self._answers(run_id, questions)))

    def _batch(self) -> list[Question]:
        batch = [self._questions.get()]
        with suppress(Empty):
            while len(batch) < _MOST_AT_ONCE:
                batch.append(self._questions.get_nowait())
        return batch

    def _answers(self, run_id: WorkflowRunId, questions: Sequence[Question]) -> list[Answer]:
        keys = [self._key(question) for question in questions]
        wanted = [
            (key, question.policy.max_age_seconds)
            for key, question in zip(keys, questions, strict=True)
            if key is not None
        ]
        found: dict[str, CachedResult] = {}
        try:
            found = self._ask(run_id, CacheQuery(keys=wanted)).found if wanted else {}
        except Exception as error:  # noqa: BLE001 - the tasks can run all the same
            _logger.warning("Results of earlier runs could not be looked up: %s", error)
        return [
            Answer(question.job, key, found.get(key) if key else None)
            for key, question in zip(keys, questions, strict=True)
        ]

    def _key(self, question: Question) -> str | None:
        try:
            return cache_key(question, digest=self._digests.of)
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
    # Host processes have no image: they use the engine's own Python.
    is_host = question.image == HOST_IMAGE
    arguments, keywords = question.given
    content = [
        question.policy.fingerprint,
        f"{HOST_IMAGE} {platform.python_version()}" if is_host else question.image,
        [sorted(needed.packages), needed.pip_options] if needed else None,
        environment.variables,
        [digest(argument).hex() for argument in arguments],
        sorted((name, digest(argument).hex()) for name, argument in keywords),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
