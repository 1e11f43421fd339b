import tomllib
from pathlib import Path

import pytest

from orquestra.engine.registry import podman_trust


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without root's rights who has podman."""
    (tmp_path / "podman").write_text("#!/bin/sh\n")
    (tmp_path / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    return tmp_path


def test_entry_is_for_one_address_in_the_users_own_folder(home):
    podman_trust.grant("127.0.0.1:5000")

    (entry,) = (home / ".config/containers/registries.conf.d").iterdir()
    assert tomllib.loads(entry.read_text()) == {
        "registry": [{"location": "127.0.0.1:5000", "insecure": True}]
    }


def test_entry_is_withdrawn_and_others_stay(home):
    podman_trust.grant("127.0.0.1:5000")
    podman_trust.grant("127.0.0.1:5001")

    for _ in range(2):
        podman_trust.withdraw("127.0.0.1:5000")

    assert not podman_trust.entry_path("127.0.0.1:5000").exists()
    assert podman_trust.entry_path("127.0.0.1:5001").exists()


def test_registry_on_the_network_is_never_trusted(home):
    podman_trust.grant("10.0.0.1:5000")

    assert not podman_trust.entry_path("10.0.0.1:5000").exists()


def test_folder_that_cannot_be_written_is_told_with_what_to_do(home, caplog):
    (home / ".config").write_text("a file, not a folder")

    podman_trust.grant("127.0.0.1:5000")

    assert "--tls-verify=false" in caplog.text


def test_root_has_the_folder_of_the_machine(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)

    assert podman_trust.entry_path("127.0.0.1:5000") == Path(
        "/etc/containers/registries.conf.d/orquestra-127.0.0.1-5000.conf"
    )
