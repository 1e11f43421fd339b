"""The command itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.options import config_option_with, json_option

if TYPE_CHECKING:
    from orquestra.cli.doctor.findings import Finding
    from orquestra.cli.doctor.running import Check

_SUBJECT_WIDTH = 16
_INDENT = " " * (_SUBJECT_WIDTH + 3)
_MARKS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "problem": ("⨉", "red")}


@click.command()
@config_option_with("Of the saved logins, check this one only.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Check this machine and the saved logins, and say how to fix what is wrong.

    Nothing is changed. ✓ is fine, ! is worth knowing, ⨉ is a problem: with one, the exit code is 1.
    """
    from orquestra.cli.doctor import running
    from orquestra.cli.printing import print_json

    found = []
    for finding in running.findings(_checks(config)):
        found.append(finding)
        if not as_json:
            _print(finding)
    problems = sum(finding.verdict.value == "problem" for finding in found)
    if as_json:
        print_json({"ok": not problems, "checks": [describe(finding) for finding in found]})
    else:
        click.echo(f"{problems or 'No'} problem{'' if problems == 1 else 's'} found.")
    ctx.exit(1 if problems else 0)


def describe(finding: "Finding") -> dict[str, Any]:
    """One finding as a document."""
    return {
        "subject": finding.subject,
        "verdict": finding.verdict.value,
        "text": finding.text,
        "fix": finding.fix,
    }


def _checks(config: str | None) -> Mapping[str, "Check"]:
    from orquestra.cli.doctor import containers, installation, logins, machine
    from orquestra.sdk.configuration.config_file import read_config
    from orquestra.sdk.configuration.config_names import RESERVED_NAMES

    if config is not None and config not in RESERVED_NAMES:
        read_config(config)  # an unknown name ends the command
    return {
        "SDK": installation.check,
        "Saved logins": logins.check_file,
        **logins.checks(only=config),
        "Local runtime": machine.check_local_runtime,
        "Containers": containers.check,
        "Disk": machine.check_disk,
        "Graphviz": machine.check_graphviz,
    }


def _print(finding: "Finding") -> None:
    mark, colour = _MARKS[finding.verdict.value]
    subject = click.style(f"{finding.subject:<{_SUBJECT_WIDTH}}", bold=True)
    text = finding.text.replace("\n", f"\n{_INDENT}")
    click.echo(f"{click.style(mark, fg=colour)} {subject} {text}")
    if finding.fix:
        click.echo(f"{_INDENT}{click.style('fix:', fg='cyan')} {finding.fix}")
