import base64

import pytest

from orquestra.engine.administration import administer, data_folder
from orquestra.engine.clock import system_clock
from orquestra.engine.occupancy import sole_use
from orquestra.engine.secrets.key_source import KeySource
from orquestra.engine.users import service as users


@pytest.fixture
def data(tmp_path):
    """The data folder of an engine that does not run."""
    folder = data_folder(tmp_path / "engine", make=True)
    administer(folder, lambda session: users.ensure(session, "ada", at=system_clock()))
    return folder


def test_the_key_is_changed_and_named(orq, data):
    result = orq("engine", "secrets", "rotate-key", "--data", str(data.root))

    (key,) = KeySource(data.keys, environment={}).read().ids
    assert result.output == f"0 secrets were encrypted anew. All are with the key {key} now.\n"
    document = orq.json("engine", "secrets", "rotate-key", "--data", str(data.root))
    assert document["key_id"] != key
    assert document["secrets"] == 0


def test_with_keys_in_the_environment_it_is_said_which_counts(orq, data, monkeypatch):
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", base64.b64encode(bytes(32)).decode())

    result = orq("engine", "secrets", "rotate-key", "--data", str(data.root))

    assert "the first one of ORQUESTRA_SECRETS_KEY" in result.output
    assert not KeySource(data.keys).path.exists()


def test_a_key_that_the_running_engine_does_not_know_is_refused(orq, data, monkeypatch):
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", base64.b64encode(bytes(32)).decode())

    with sole_use(data):
        result = orq("engine", "secrets", "rotate-key", "--data", str(data.root))

    assert result.exit_code == 1
    assert "Start it again with the same variable first" in result.stderr
    assert "no other key is needed" not in result.output


def test_a_wrong_key_is_an_error_that_does_not_show_it(orq, data, monkeypatch):
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", "no-key")

    result = orq("engine", "secrets", "rotate-key", "--data", str(data.root))

    assert result.exit_code == 1
    assert result.stderr.startswith("error: No secret can be read or saved: entry 1 of ORQUESTRA")
    assert "no-key" not in result.output


def test_a_folder_without_an_engine_is_told(orq, tmp_path):
    result = orq("engine", "secrets", "rotate-key", "--data", str(tmp_path / "nothing"))

    assert result.exit_code == 1
    assert "There are no data of an engine" in result.stderr
