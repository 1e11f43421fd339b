"""What docs/workflows.md shows is true."""

import doctest
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "workflows.md"
BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> str:
    return "\n".join(text for name, text in BLOCK.findall(PAGE.read_text()) if name == language)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[ModuleType]:
    """All definitions of the page, as a user's module."""
    path = tmp_path / "page_of_workflows.py"
    path.write_text(blocks("python"))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[path.stem]


def test_every_result_on_the_page_is_what_comes_out(program: ModuleType) -> None:
    shown = doctest.DocTestParser().get_doctest(
        blocks("pycon"), vars(program), PAGE.name, str(PAGE), 0
    )
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    outcome = runner.run(shown)
    assert outcome.failed == 0
    assert outcome.attempted > 3
