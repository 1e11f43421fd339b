"""The published client 1.1.0 as one of its users has it: processes, and a home of their own."""

import json
import os
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.published.environment import published_python
from tests.published.terminal import converse

PROJECT = Path(__file__).parent / "project"
"""Where the user works: the modules with workflows."""
DATA = Path(__file__).parents[1] / "data"
"""Documents of earlier releases."""

_LIMIT = 120
_PRELUDE = """
import json, warnings
warnings.simplefilter("ignore")
from orquestra import sdk
from orquestra.sdk import exceptions

def tell(value):
    print(json.dumps(value, default=repr))
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a program has printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.out.splitlines()]


@dataclass(frozen=True, kw_only=True)
class PublishedClient:
    """A user of release 1.1.0, logged in to what their own configuration says."""

    home: Path
    config: str = "127"
    """The name that the release gives to engines at `http://127.0.0.1:<port>`."""
    variables: Mapping[str, str] = field(default_factory=dict)

    def orq(self, *arguments: str, expect: int = 0) -> Said:
        """Run a command; its exit code is checked."""
        said = self._run([_orq(), *arguments])
        assert said.code == expect, f"orq {' '.join(arguments)}: {said}"
        return said

    def orq_alone(self, *arguments: str, expect: int = 0) -> Said:
        """Run a command that sees no other process of the machine, nor any file of Ray.

        Where the release looks for its local runtime, it takes any Ray of the machine for it, and
        waits minutes for one that it does not understand.
        """
        command = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc", _orq()]
        said = self.with_variables(RAY_TMPDIR=str(self.home))._run([*command, *arguments])
        assert said.code == expect, f"orq {' '.join(arguments)}: {said}"
        return said

    def converse(
        self, arguments: Sequence[str], answers: Sequence[tuple[str, str]]
    ) -> tuple[int, str]:
        """Run a command in a terminal: its exit code, and all that was shown."""
        return converse(
            [_orq(), *arguments], answers, environment=self.environment(), folder=PROJECT
        )

    def with_variables(self, **variables: str) -> "PublishedClient":
        """The same user in another environment."""
        return replace(self, variables={**self.variables, **variables})

    def python(self, code: str) -> Any:
        """Run a program that ends with `tell(value)`; that value."""
        program = _PRELUDE + textwrap.dedent(code)
        said = self._run([str(published_python()), "-B", "-c", program])
        assert said.code == 0, f"{textwrap.dedent(code)}\n{said.out}\n{said.err}"
        return json.loads(said.out.splitlines()[-1])

    def environment(self) -> dict[str, str]:
        """Variables of the user's processes: nothing of ours, and no other login."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ORQ", "PYTHON"))}
        return {
            **kept,
            "HOME": str(self.home),
            "ORQ_CONFIG_PATH": str(self.home / "config.json"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "200",
            **self.variables,
        }

    def login(self, url: str, token: str) -> Said:
        """Save a token that was got elsewhere."""
        return self.orq("login", "-s", url, "-t", token)

    def _run(self, command: list[str]) -> Said:
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT,
        )
        return Said(code=done.returncode, out=done.stdout, err=done.stderr)


def _orq() -> str:
    return str(published_python().with_name("orq"))
