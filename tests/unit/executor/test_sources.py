"""Local modules of a run, as files of a worker."""

import os

import pytest

from orquestra.executor.sources import SourceFolder, SourceFolders
from orquestra.sdk.schema.workflow_run import WorkflowRunId

FILES = {"helpers.py": "A = 1\n", "pkg/__init__.py": ""}
FIRST, SECOND = WorkflowRunId("run-1"), WorkflowRunId("run-2")


@pytest.fixture
def folders(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    made = SourceFolders()
    yield made
    made.remove()
    assert not list(tmp_path.iterdir())


def test_modules_and_packages_are_files_until_they_are_removed(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    folder = SourceFolder(
        {"helpers.py": "A = 'é'\n", "pkg/__init__.py": "", "pkg/deep/b.py": "B=1"}
    )

    assert folder.path.is_relative_to(tmp_path), "whoever started the node removes it"
    assert (folder.path / "helpers.py").read_bytes() == "A = 'é'\n".encode()
    assert (folder.path / "pkg/deep/b.py").read_text() == "B=1"

    folder.remove()

    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_no_obstacle(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = SourceFolder({"a.py": ""})

    assert folder.path.is_dir()
    folder.remove()


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.py", "a/../../up.py", ""])
def test_no_path_leads_out_of_the_folder(monkeypatch, tmp_path, path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))

    with pytest.raises(ValueError, match="no path below an import root"):
        SourceFolder({"fine.py": "", path: ""})

    assert not list(tmp_path.iterdir())


def test_a_run_has_its_folder_until_it_is_over(folders):
    path = folders.open(FIRST, FILES)

    assert folders.find(FIRST) == path
    folders.close(FIRST)
    assert folders.find(FIRST) is None
    folders.close(FIRST)


def test_a_later_run_with_the_same_files_gets_the_same_folder(folders):
    path = folders.open(FIRST, FILES)
    (path / "pkg/__pycache__").mkdir()
    folders.close(FIRST)

    assert folders.open(SECOND, dict(reversed(FILES.items()))) == path


def test_runs_that_go_on_have_folders_of_their_own(folders):
    assert folders.open(FIRST, FILES) != folders.open(SECOND, FILES)


def test_other_files_get_another_folder(folders):
    folders.open(FIRST, FILES)
    folders.close(FIRST)

    path = folders.open(SECOND, {"helpers.py": "A = 2\n"})

    assert (path / "helpers.py").read_text() == "A = 2\n"
    assert not (path / "pkg").exists()


def rewrite(path):
    (path / "helpers.py").write_text("A = 22\n")


def touch(path):
    os.utime(path / "helpers.py", ns=(0, 0))


def add_file(path):
    (path / "pkg/found.json").write_text("{}")


def add_folder(path):
    (path / "more").mkdir()


def take_away(path):
    (path / "helpers.py").unlink()


@pytest.mark.parametrize("change", [rewrite, touch, add_file, add_folder, take_away])
def test_what_a_run_has_changed_is_not_for_the_next(folders, change):
    path = folders.open(FIRST, FILES)
    change(path)
    folders.close(FIRST)

    again = folders.open(SECOND, FILES)

    assert again != path
    assert not path.exists()
    assert (again / "helpers.py").read_text() == "A = 1\n"


def test_few_folders_are_kept(folders, tmp_path):
    for number in range(9):
        run_id = WorkflowRunId(f"run-{number}")
        folders.open(run_id, {"a.py": str(number)})
        folders.close(run_id)

    assert len(list(tmp_path.iterdir())) == 4
