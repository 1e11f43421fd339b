"""Groups that import a command's module only when that command runs."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True, kw_only=True)
class Command:
    """Where a command is (`module:attribute`), its help in one line, its other names."""

    target: str
    help: str
    aliases: tuple[str, ...] = ()

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


class LazyGroup(click.Group):
    """A group whose commands are declared by name. Nothing of them is imported for its help."""

    def __init__(
        self, *args: Any, commands_by_name: Mapping[str, Command] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._declared = dict(commands_by_name or {})
        self._names = {
            alias: name for name, command in self._declared.items() for alias in command.aliases
        }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, in the order of their declaration."""
        return list(self._declared)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name or alias, imported now."""
        declared = self._declared.get(self._names.get(cmd_name, cmd_name))
        return None if declared is None else declared.load()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but usage lines show the declared name, not an attribute's."""
        _, command, rest = super().resolve_command(ctx, args)
        return self._names.get(args[0], args[0]), command, rest

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        """The commands and options that begin so; aliases only where no name does."""
        from click.shell_completion import CompletionItem

        helps = {name: command.help for name, command in self._declared.items()}
        aliases = {alias: helps[name] for alias, name in self._names.items()}
        found = _beginning(incomplete, helps) or _beginning(incomplete, aliases)
        commands = [CompletionItem(name, help=text) for name, text in found.items()]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from what is declared."""
        rows = [
            (", ".join((name, *command.aliases)), command.help)
            for name, command in self._declared.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _beginning(start: str, helps: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in helps.items() if name.startswith(start)}
