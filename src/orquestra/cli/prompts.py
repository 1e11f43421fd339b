"""Questions to the person at the terminal, where the arguments of a command leave something open.

They are drawn on standard error, so that standard output has nothing but the answer of the
command. Where nobody can be asked, a command ends with the options and with what to type instead.
"""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from questionary import Question

T = TypeVar("T")

_LISTED_OPTIONS = 20
_INSTRUCTION = "(arrow keys, or type a part of it)"


def is_interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def choose(
    title: str,
    options: Mapping[str, T],
    *,
    instead: str,
    confirm_single: bool = False,
    hint_if_none: str | None = None,
) -> T:
    """Have one option chosen.

    Args:
        title: what is chosen, like "Workspace".
        options: what is chosen from, by what is shown of it; the first one is preselected.
        instead: the option of the command that makes the question unnecessary.
        confirm_single: ask even where there is only one; by default that one is taken.
        hint_if_none: what to do where there is nothing to choose from.

    Raises:
        Failure: there is no option or no terminal, or the question was cancelled.
    """
    if not options:
        raise Failure(
            f"{title}:\nNo options are available.", code=ExitCode.USAGE, hint=hint_if_none
        )
    if len(options) > 1:
        _need_terminal(title, options=options, instead=instead)
        return options[_ask(lambda: _selection(title, list(options)))]
    (label,) = options
    if confirm_single:
        question = f"{title} - only one option is available. Proceed with {label}?"
        if not confirm(question, default=True, instead=instead):
            cancel()
    return options[label]


def choose_many(
    title: str,
    options: Mapping[str, T],
    *,
    instead: str,
    preselected: Collection[T] | None = None,
) -> list[T]:
    """Have any number of options chosen, at least one; by default all are preselected.

    Raises:
        Failure: there is no terminal, or the question was cancelled.
    """
    _need_terminal(title, options=options, instead=instead)
    marked = options.values() if preselected is None else preselected
    checked = [label for label, value in options.items() if value in marked]
    chosen = _ask(lambda: _checkboxes(title, list(options), checked=checked))
    return [options[label] for label in chosen]


def confirm(question: str, *, default: bool, instead: str) -> bool:
    """Ask for yes or no.

    Raises:
        Failure: there is no terminal, or the question was cancelled.
    """
    _need_terminal(question, instead=instead)

    def make() -> "Question":
        import questionary

        return questionary.confirm(question, default=default)

    return bool(_ask(make))


def text(
    title: str, *, instead: str, default: str = "", check: Callable[[str], str | None] | None = None
) -> str:
    """Ask for a line of text.

    Args:
        title: what is asked for.
        instead: the option of the command that makes the question unnecessary.
        default: what is there to be changed.
        check: what is wrong with an answer; None for nothing. A wrong one is asked for again.

    Raises:
        Failure: there is no terminal, or the question was cancelled.
    """
    _need_terminal(title, instead=instead)

    def make() -> "Question":
        import questionary

        validate = (lambda answer: check(answer) or True) if check else None
        return questionary.text(title, default=default, validate=validate)

    return str(_ask(make))


def labels(rows: Sequence[Sequence[str]]) -> list[str]:
    """What is shown of options with several columns: the columns one under another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def cancel() -> NoReturn:
    """End the command as one that its user has called off."""
    raise Failure("cancelled; nothing was done", code=ExitCode.CANCELLED)


def _need_terminal(title: str, *, instead: str, options: Collection[str] = ()) -> None:
    if is_interactive():
        return
    failure = Failure(
        f"there is no terminal to ask on: {title}",
        code=ExitCode.UNKNOWN,
        hint=f"answer with {instead}",
    )
    failure.details = [f"  {label}" for label in list(options)[:_LISTED_OPTIONS]]
    if len(options) > _LISTED_OPTIONS:
        failure.details.append(f"  and {len(options) - _LISTED_OPTIONS} more")
    raise failure


def _selection(title: str, options: Sequence[str]) -> "Question":
    import questionary

    question = questionary.select(
        title,
        choices=options,
        use_jk_keys=False,  # letters are looked for in the options
        use_search_filter=True,
        instruction=_INSTRUCTION,
    )
    return _with_keys(question, _end_by_ctrl_d(), _refusal_of_what_is_not_found(question))


def _with_keys(question: "Question", *more: "KeyBindings") -> "Question":
    from prompt_toolkit.key_binding import merge_key_bindings

    keys = question.application.key_bindings
    question.application.key_bindings = merge_key_bindings([keys, *more] if keys else more)
    return question


def _end_by_ctrl_d() -> "KeyBindings":
    """Ctrl-D ends a list as it ends a line of text; questionary would pass it over."""
    from prompt_toolkit.key_binding import KeyBindings

    bindings = KeyBindings()

    @bindings.add("c-d", eager=True)
    def end(event: "KeyPressEvent") -> None:
        event.app.exit(exception=EOFError, style="class:aborting")

    return bindings


def _refusal_of_what_is_not_found(question: "Question") -> "KeyBindings":
    """Enter does nothing while no option has what was typed; questionary would take the first."""
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings
    from questionary.prompts.common import InquirerControl

    controls = question.application.layout.find_all_controls()
    (list_of_options,) = (each for each in controls if isinstance(each, InquirerControl))

    def is_nothing_found() -> bool:
        typed = (list_of_options.search_filter or "").lower()
        return not any(typed in str(choice.title).lower() for choice in list_of_options.choices)

    bindings = KeyBindings()

    @bindings.add("enter", eager=True, filter=Condition(is_nothing_found))
    def refuse(event: "KeyPressEvent") -> None:
        event.app.output.bell()

    return bindings


def _checkboxes(title: str, options: Sequence[str], *, checked: Collection[str]) -> "Question":
    import questionary

    question = questionary.checkbox(
        title,
        choices=[questionary.Choice(option, checked=option in checked) for option in options],
        validate=lambda chosen: bool(chosen) or "Choose at least one.",
    )
    return _with_keys(question, _end_by_ctrl_d())


def _ask(make: "Callable[[], Question]") -> Any:
    with _on_standard_error():
        try:
            return make().unsafe_ask()
        except (KeyboardInterrupt, EOFError):
            cancel()


@contextmanager
def _on_standard_error() -> Iterator[None]:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.output import create_output

    with create_app_session(output=create_output(stdout=sys.stderr)):
        yield
