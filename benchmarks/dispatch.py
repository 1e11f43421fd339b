"""The works that every system does, in rounds: each system has one turn in each.

What disturbs a machine for a while disturbs all of them alike.
"""

import importlib.util
from collections import defaultdict
from collections.abc import Iterator, Sequence

from benchmarks.options import SYSTEMS, Options
from benchmarks.rows import DASK, Row
from benchmarks.systems.turn import Times, TurnFailed, take_turn
from benchmarks.works import Work, works


def measure(options: Options) -> Iterator[Row]:
    """One row for each work."""
    wanted = works(quick=options.quick)
    turns: dict[str, list[Times]] = defaultdict(list)
    problems: dict[str, str] = {}
    for number in range(options.rounds):
        for name in options.systems:
            if name in problems:
                continue
            print(f"round {number + 1} of {options.rounds}: {name}", flush=True)
            problem = _missing(name) or _turn(name, wanted, options=options, turns=turns[name])
            if problem:
                problems[name] = problem
                print(problem, flush=True)
    for work in wanted:
        yield row(work, turns=turns, problems=problems)


def row(work: Work, *, turns: dict[str, list[Times]], problems: dict[str, str]) -> Row:
    """What all turns of all systems have measured for one work."""
    return Row(
        work=work.title,
        measurements={
            name: [seconds for times in done for seconds in times[work.name]]
            for name, done in turns.items()
        },
        goal=work.goal,
        details={"name": work.name, "tasks": work.tasks, "concurrent": work.concurrent},
        problem="; ".join(problems.values()) or None,
    )


def _turn(name: str, wanted: Sequence[Work], *, options: Options, turns: list[Times]) -> str | None:
    log = options.output / f"{SYSTEMS[name]}.log"
    try:
        turns.append(take_turn(SYSTEMS[name], wanted, log=log))
    except TurnFailed as failure:
        return f"{name}: {failure}"
    return None


def _missing(name: str) -> str | None:
    if name == DASK and not importlib.util.find_spec("distributed"):
        return "Dask is not installed. Run `make bench`, which installs it."
    return None
