"""What documents and messages tell people to type exists, and does what it says."""

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


@pytest.mark.parametrize("line", sorted(set(commands("orq"))))
def test_every_orq_command_in_the_documents_exists_with_its_options(line):
    words = shlex.split(line.replace("[", "").replace("]", ""), comments=True)[1:]
    command = root

    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.get_command(click.Context(command), words.pop(0))
        assert command is not None

    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


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
