import sys

import pytest


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder of a user, which is the current one; what is imported there is forgotten."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield folder
    for name in set(sys.modules) - known:
        del sys.modules[name]
