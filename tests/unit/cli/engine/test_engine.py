import stat

import pytest

from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.auth.tokens import Tokens


def test_a_token_is_all_that_is_printed_and_the_engine_accepts_it(orq, tmp_path):
    data = tmp_path / "engine"

    result = orq("engine", "token", "--user", "ada", "--data", str(data), "--days", "2")

    assert result.stderr == ""
    tokens = Tokens(SecretKey.load(data / "keys"))
    assert tokens.read(result.stdout.strip()).user == "ada"


def test_the_data_folder_is_made_and_closed_to_others(orq, tmp_path):
    data = tmp_path / "new" / "engine"

    orq("engine", "token", "--user", "ada", "--data", str(data))

    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_wrong_setting_is_an_error_without_a_traceback(orq, tmp_path):
    settings = tmp_path / "engine.toml"
    settings.write_text("[nodes]\nidle = 3\n")

    result = orq("engine", "serve", "--data", str(tmp_path / "data"), "--config", str(settings))

    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: The configuration file {settings} is not right")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["token", "--user", "ada"], ["serve", "--port", "0"]])
def test_a_data_folder_that_cannot_be_made_is_named_with_the_reason(orq, tmp_path, command):
    (tmp_path / "taken").touch()

    result = orq("engine", *command, "--data", str(tmp_path / "taken" / "engine"))

    assert result.exit_code == 1
    assert f"error: {tmp_path / 'taken' / 'engine'} cannot be used: Not a" in result.stderr
