"""Which runs `orq wf list` shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from orquestra.cli import prompts
from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.sdk import State
from orquestra.sdk.runs.run_lists import parse_age

_STATES = [state.value for state in State]
_NONE = {"", "none"}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What is asked for; states are names, and none of them means all."""

    limit: int | None
    max_age: str | None
    states: Sequence[str]

    def known_states(self) -> list[State] | None:
        """The states as the SDK takes them."""
        return [State(name) for name in self.states] or None


def checked(filters: Filters) -> Filters:
    """The same without states that do not exist: what was meant instead is asked for.

    Raises:
        Failure: the age cannot be read, or there is nobody to ask for the states.
    """
    if filters.max_age is not None and (problem := _unreadable(filters.max_age)):
        raise Failure(problem, code=ExitCode.UNKNOWN, hint="-t/--max-age takes such an age")
    unknown = [name for name in filters.states if name not in _STATES]
    if not unknown:
        return filters
    click.echo(f"There is no state {', '.join(unknown)}.", err=True)
    known = [name for name in filters.states if name in _STATES]
    return replace(filters, states=_ask_for_states(preselected=known))


def asked(filters: Filters) -> Filters:
    """The filters as they are typed in; those that were given are what the questions begin with.

    Raises:
        Failure: there is nobody to ask.
    """
    limit = prompts.text(
        "Maximum number of results to display (empty for no limit)",
        instead="-l/--limit, without -i",
        default=str(filters.limit or ""),
        check=_limit_problem,
    )
    max_age = prompts.text(
        "Maximum age of run to display, like 3d or 9h32m (empty for no limit)",
        instead="-t/--max-age, without -i",
        default=filters.max_age or "",
        check=_age_problem,
    )
    return Filters(
        limit=None if _is_none(limit) else int(limit),
        max_age=None if _is_none(max_age) else max_age,
        states=_ask_for_states(preselected=filters.states or _STATES),
    )


def _ask_for_states(*, preselected: Sequence[str]) -> list[str]:
    return prompts.choose_many(
        "Workflow run states",
        {name: name for name in _STATES},
        instead="-s/--state STATE",
        preselected=preselected,
    )


def _is_none(answer: str) -> bool:
    return answer.strip().lower() in _NONE


def _limit_problem(answer: str) -> str | None:
    if _is_none(answer) or (answer.isdecimal() and int(answer) > 0):
        return None
    return "Write a whole number above 0, or nothing."


def _age_problem(answer: str) -> str | None:
    return None if _is_none(answer) else _unreadable(answer)


def _unreadable(age: str) -> str | None:
    try:
        parse_age(age)
    except ValueError as error:
        return str(error)
    return None
