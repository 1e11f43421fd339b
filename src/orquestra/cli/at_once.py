"""Asking several at once, none of them without end."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from datetime import timedelta
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def ask_all(
    questions: Mapping[str, Callable[[], T]], *, limit: timedelta
) -> Iterator[tuple[str, "Future[T]"]]:
    """The answers in the order of the questions; one that is not done by the limit is left alone.

    Args:
        questions: what is to be called, by names of the caller's.
        limit: for all of them together.
    """
    answers: dict[str, Future[T]] = {name: Future() for name in questions}
    for name, question in questions.items():
        # Daemons: one that hangs must not hold up the end of the command.
        threading.Thread(target=_answer, args=(question, answers[name]), daemon=True).start()
    end = monotonic() + limit.total_seconds()
    for name, answer in answers.items():
        wait([answer], timeout=max(0, end - monotonic()))
        yield name, answer


def _answer(question: Callable[[], T], answer: "Future[T]") -> None:
    try:
        answer.set_result(question())
    except Exception as error:  # noqa: BLE001 - it is raised again where the answer is taken
        answer.set_exception(error)
