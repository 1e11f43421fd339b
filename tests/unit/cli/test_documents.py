"""What documents and messages tell people to type is there, and takes the words beside it."""

import re
import shlex
from pathlib import Path

import click
import pytest

from images.__main__ import argument_parser
from orquestra import sdk
from orquestra.cli.root import root
from orquestra.engine.errors import ImageMissing
from orquestra.engine.images.references import ImageReference
from orquestra.engine.images.refusals import unavailable
from orquestra.engine.images.uses import ImageUse
from orquestra.engine.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "examples/custom_images/README.md")),
    *ROOT.joinpath("docs").glob("*.md"),
]
BASE = ImageReference(
    registry="127.0.0.1:5000", repository="orquestra/orquestra-sdk-base", tag="2.0.0a1"
)


def commands(program):
    """Commands of a program in the documents, in lines of blocks and between backquotes."""
    for document in DOCUMENTS:
        text = document.read_text()
        for block in re.findall(r"```(?:console)?\n(.*?)```", text, re.DOTALL):
            for line in block.splitlines():
                for part in re.split(r"&&?", line.strip().removeprefix("$ ")):
                    if part.strip().startswith(f"{program} "):
                        yield part.strip()
        without_blocks = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        yield from re.findall(rf"`({program} [^`]+)`", without_blocks)


def makefile():
    """The targets of the Makefile, each with its recipe in one line."""
    text = (ROOT / "Makefile").read_text()
    return dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)*)", text, re.MULTILINE))


def rows():
    """The rows of tables about commands: those, each in full, and the options named beside them.

    A heading like "Runs: `orq wf`" says where the commands of its tables are; without one, the
    first command of a row says it for the others.
    """
    for document in DOCUMENTS:
        place = None
        for line in document.read_text().splitlines():
            if line.startswith("#"):
                heading = re.search(r"`(orq [^`]+)`", line)
                place = heading and heading[1]
            elif line.startswith("| `") and (place or line.startswith("| `orq ")):
                cell, about = line.removeprefix("| ").split(" | ", 1)
                names = re.findall(r"`([^`]+)`", cell)
                group = place or group_of(names[0])
                yield (
                    tuple(n if n.startswith("orq ") else f"{group} {n}" for n in names),
                    tuple(re.findall(r"`(-[^`…]+)`", about)),
                )


def group_of(line):
    """The group that the command of a line is in; without one, the command."""
    words = [word for word in words_of(line) if not word.startswith("-")]
    return " ".join(["orq", *(words[:-1] or words)])


def words_of(line):
    """The words after `orq`, optional ones too."""
    return shlex.split(line.replace("[", "").replace("]", ""), comments=True)[1:]


def found(line):
    """The command that a line calls, and the words that it gets."""
    words = words_of(line)
    command = root
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        command = command.get_command(click.Context(command), name)
        assert command is not None, f"there is no {name!r}"
    return command, words


def check_words(command, words):
    """Have a command read its words; those of capitals stand for something.

    What is required may be missing: the line may be about something else.
    """
    context = click.Context(command)
    values, left, _ = command.make_parser(context).parse_args(list(words))
    assert left == [], f"{command.name!r} does not take {left}"
    for parameter in command.params:
        value = values.get(parameter.name)
        is_path = isinstance(parameter.type, click.Path | click.File)
        if isinstance(value, str) and not is_path and not re.fullmatch("[A-Z_]+", value):
            parameter.type.convert(value, parameter, context)


@pytest.mark.parametrize("line", sorted(set(commands("orq"))))
def test_every_orq_command_in_the_documents_takes_its_words(line):
    check_words(*found(line))


@pytest.mark.parametrize(("lines", "options"), list(rows()))
def test_every_command_in_a_table_takes_its_words_and_one_of_them_each_option(lines, options):
    called = [found(line) for line in lines]
    for command, words in called:
        check_words(command, words)
    for option in options:
        name, *values = shlex.split(option)
        takers = [
            command
            for command, _ in called
            if any(name in parameter.opts for parameter in command.params)
        ]
        assert takers, f"nothing takes {name}"
        if values:
            check_words(takers[0], [name, *values])


@pytest.mark.parametrize(
    "line",
    [
        "orq wf sumbit flow.py",
        "orq wf view RUN_ID more",
        "orq completion tcsh",
        "orq wf list --limit few",
        "orq wf list --since 3d",
        "orq wf list --limit",
        "orq up now",
    ],
)
def test_words_that_no_command_takes_are_found(line):
    with pytest.raises((AssertionError, click.UsageError)):
        check_words(*found(line))


def test_the_tables_of_commands_are_found():
    lines = {line for lines, _ in rows() for line in lines}

    assert {"orq wf submit MODULE [NAME]", "orq wf outputs", "orq secret set NAME"} <= lines
    assert {"orq login list", "orq engine serve", "orq up"} <= lines


@pytest.mark.parametrize("line", sorted(set(commands("make"))))
def test_every_make_command_in_the_documents_has_its_target(line):
    assert shlex.split(line, comments=True)[1] in makefile()


def test_the_commit_hooks_run_what_ci_runs():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()

    assert re.findall(r"entry: make (.+)", hooks) == ["check"]
    assert "check" in makefile()


def test_publishing_pushes_to_where_an_engine_looks_for_base_images():
    variables = re.findall(r"^(\w+) := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    repository = dict(variables)["REPOSITORY"]

    words = shlex.split(makefile()["publish"].replace("$(REPOSITORY)", repository))

    assert words[:3] == ["$(BIN)/python", "-m", "images"]
    given = argument_parser().parse_args(words[3:])
    assert (given.command, given.push, given.repository) == ("build", True, repository)
    assert repository == Settings(data=Path("/data")).base_repository


def test_the_advice_for_a_missing_base_image_is_a_command_that_publishes_it():
    use = ImageUse(reference=BASE, name=str(BASE), default=True, base=BASE, for_head=True)

    advice = unavailable(use, error=ImageMissing("does not exist"))

    target, repository = re.search(r"`make (\w+) REPOSITORY=(\S+)`", advice).groups()
    assert "$(REPOSITORY) --push" in makefile()[target]
    assert repository == f"{BASE.registry}/{BASE.repository}"


def test_the_workflow_of_the_readme_can_be_submitted():
    *_, program = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    names = {"__name__": "my_workflow"}

    exec(program, names)

    assert isinstance(names["total"], sdk.WorkflowTemplate)
    assert len(names["total"].model.task_invocations) == 2
