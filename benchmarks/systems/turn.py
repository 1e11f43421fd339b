"""One turn of one system: it comes up in a process of its own, does all works, and is gone."""

import importlib
import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.systems.contract import Job, System
from benchmarks.works import Work, warm_up

PATIENCE = 60.0
"""Seconds in which a process that has told its results ends."""

Times = Mapping[str, Sequence[float]]
"""Seconds of every measurement, by the name of the work."""


class TurnFailed(Exception):
    """A system could not do its works; the message says what happened in its process."""


def take_turn(module: str, works: Sequence[Work], *, log: Path) -> Times:
    """Measure a system, given by its module in this package; its output goes to a file.

    Raises:
        TurnFailed: a work failed, or gave another result than it should.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_turn, args=(module, tuple(works), log, there))
    process.start()
    there.close()
    told: Times | str
    try:
        told = here.recv()
    except EOFError:
        told = f"its process ended without a word; the end of {log}:\n{_tail(log)}"
    finally:
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
    if isinstance(told, str):
        raise TurnFailed(f"{module}: {told}")
    return told


def _turn(module: str, works: Sequence[Work], log: Path, answer: Connection) -> None:
    _redirect_output(log)
    start = importlib.import_module(f"benchmarks.systems.{module}").start
    try:
        with start() as system:
            measure(system, warm_up())
            times = {work.name: measure(system, work) for work in works}
    except Exception as error:  # whatever a system raises is told, and its log has the rest
        answer.send(f"{type(error).__name__}: {error}")
        raise
    answer.send(times)


def measure(system: System, work: Work) -> list[float]:
    """Seconds of each measurement of a work.

    Raises:
        ValueError: a result is wrong, or missing.
    """
    job = system.prepare(work)
    times = []
    for _ in range(work.unmeasured + work.repeats):
        begin = time.perf_counter()
        results = _results(job, count=work.concurrent)
        times.append(time.perf_counter() - begin)
        if results != [work.result] * work.concurrent:
            raise ValueError(f"{work.name} gave {results[:3]}… instead of {work.result}")
    return times[work.unmeasured :]


def _results(job: Job, *, count: int) -> list[object]:
    if count == 1:
        return [job()]
    with ThreadPoolExecutor(count) as threads:
        return [future.result() for future in [threads.submit(job) for _ in range(count)]]


def _redirect_output(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""
