"""The files with the tokens of runs."""

import pytest

from orquestra.executor.token_files import TokenFiles
from orquestra.sdk.schema.workflow_run import WorkflowRunId

FIRST, SECOND = WorkflowRunId("run-1"), WorkflowRunId("run-2")


@pytest.fixture
def tokens(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    made = TokenFiles()
    yield made
    made.remove()
    assert not list(tmp_path.iterdir())


def test_a_token_is_all_that_is_in_its_file_and_nobody_else_can_read_it(tokens, tmp_path):
    path = tokens.open(FIRST, "a.b.c")

    assert path.read_bytes() == b"a.b.c"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.is_relative_to(tmp_path), "whoever started the node removes it"


def test_each_run_has_its_own_until_it_is_over(tokens):
    first, second = tokens.open(FIRST, "one"), tokens.open(SECOND, "two")
    assert tokens.open(FIRST, "one") == first

    tokens.close(FIRST)
    tokens.close(FIRST)

    assert not first.exists()
    assert second.read_text() == "two"


def test_a_file_that_a_task_has_removed_is_written_again(tokens):
    tokens.open(FIRST, "one").unlink()

    path = tokens.open(FIRST, "one")

    assert path.read_text() == "one"
    tokens.close(FIRST)
    assert not path.exists()


def test_a_folder_that_was_removed_is_made_again(tokens):
    first = tokens.open(FIRST, "one")
    tokens.remove()

    second = tokens.open(SECOND, "two")

    assert second.parent != first.parent
    second.unlink()
    second.parent.rmdir()
    assert tokens.open(WorkflowRunId("run-3"), "three").read_text() == "three"
