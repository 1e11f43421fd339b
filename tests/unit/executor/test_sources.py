"""Local modules of a run, as files of a worker."""

import pytest

from orquestra.executor.sources import SourceFolder


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
