"""Running all checks at once, none of them without end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from orquestra.cli.at_once import ask_all
from orquestra.cli.doctor.findings import Finding, problem

LIMIT = timedelta(seconds=25)

Check = Callable[[], Sequence[Finding]]


def findings(checks: Mapping[str, Check], *, limit: timedelta = LIMIT) -> Iterator[Finding]:
    """What the checks find, in their order; each has a name for when it does not end well."""
    for name, answer in ask_all(checks, limit=limit):
        if not answer.done():
            yield problem(
                name,
                f"this check has not ended within {limit.total_seconds():g} s",
                fix="Try again; if it stays so, what is looked at here hangs.",
            )
        elif error := answer.exception():  # one broken part must not hide the others
            text = f"this check failed: {type(error).__name__}: {error}"
            yield problem(name, text, fix="This is a defect of Orquestra; please report it.")
        else:
            yield from answer.result()
