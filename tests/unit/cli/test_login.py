import json

import pytest

from tests.unit.cli.canned_engine import token


def test_a_login_is_saved_under_the_first_part_of_its_host_name(orq, tmp_path):
    secret = token()

    result = orq("login", "-s", "https://lab.example.com", "-t", secret)

    assert result.stdout == (
        "Token saved in config file.\n"
        "Configuration name for https://lab.example.com with runtime CE_REMOTE is 'lab'.\n"
    )
    saved = json.loads((tmp_path / "config.json").read_text())["configs"]["lab"]
    assert saved["runtime_options"] == {"uri": "https://lab.example.com", "token": secret}


@pytest.fixture
def write_logins(orq, tmp_path):
    """Writes the file of logins: runtime options by name."""

    def write(**options):
        configs = {
            name: {"config_name": name, "runtime_name": "CE_REMOTE", "runtime_options": given}
            for name, given in options.items()
        }
        (tmp_path / "config.json").write_text(json.dumps({"configs": configs}))

    return write


@pytest.fixture
def saved(tmp_path):
    """Reads the file of logins: runtime options by name."""

    def read():
        configs = json.loads((tmp_path / "config.json").read_text())["configs"]
        return {name: config["runtime_options"] for name, config in configs.items()}

    return read


@pytest.mark.parametrize("old", [{"token": "expired"}, {}])
def test_a_saved_login_gets_a_new_token_by_its_name(orq, write_logins, saved, old):
    write_logins(work={"uri": "https://lab.example.com", **old})
    new = token()

    result = orq("login", "-c", "work", "-t", new)

    assert result.exit_code == 0, result.output
    assert saved() == {"work": {"uri": "https://lab.example.com", "token": new}}


def test_a_saved_login_without_an_address_is_told_how_to_replace_it(orq, write_logins):
    write_logins(work={"token": token()})

    result = orq("login", "-c", "work", "-t", token())

    assert result.exit_code == 2
    assert "hint: `orq login -s <server> --name work -t <token>`" in result.stderr


def test_a_name_that_another_engine_has_is_refused_and_nothing_is_lost(orq, saved):
    orq("login", "-s", "http://127.0.0.1:9", "-t", token())
    before = saved()

    result = orq("login", "-s", "http://127.0.0.1:8", "-t", token())

    assert result.exit_code == 2
    assert "another Compute Engine is saved as '127': http://127.0.0.1:9" in result.stderr
    assert "--name" in result.stderr
    assert saved() == before


def test_a_login_is_saved_under_the_name_that_is_given(orq, saved):
    orq("login", "-s", "http://127.0.0.1:9", "-t", token())

    result = orq("login", "-s", "http://127.0.0.1:8", "--name", "second", "-t", token())

    assert "'second'" in result.stdout
    assert {name: options["uri"] for name, options in saved().items()} == {
        "127": "http://127.0.0.1:9",
        "second": "http://127.0.0.1:8",
    }


def test_logging_in_again_renews_the_login_with_a_name_of_its_own(orq, saved):
    orq("login", "-s", "http://127.0.0.1:9", "-t", token())
    orq("login", "-s", "http://127.0.0.1:8", "--name", "second", "-t", token(expires_in=60))
    new = token()

    orq("login", "-s", "http://127.0.0.1:8", "-t", new)

    assert saved()["second"]["token"] == new
    assert saved().keys() == {"127", "second"}


@pytest.mark.parametrize("name", [[], ["--name", "local"]])
def test_the_name_of_a_local_runtime_is_a_usage_error(orq, name):
    result = orq("login", "-s", "https://ray.example.com", *name, "-t", token())

    assert result.exit_code == 2
    assert "local runtime" in result.stderr


def test_a_name_of_its_own_makes_any_host_name_usable(orq, saved):
    orq("login", "-s", "https://ray.example.com", "--name", "rays", "-t", token())

    assert saved().keys() == {"rays"}


def test_an_expired_token_is_not_saved(orq, tmp_path):
    result = orq("login", "-s", "https://lab.example.com", "-t", token(expires_in=-60))

    assert result.exit_code == 12
    assert "error: The auth token has expired." in result.stderr
    assert not (tmp_path / "config.json").exists()


def test_text_that_is_no_token_is_not_saved(orq):
    result = orq("login", "-s", "https://lab.example.com", "-t", "secret")

    assert result.exit_code == 12
    assert "error: The auth token is not valid." in result.stderr


def test_neither_or_both_of_server_and_config_is_a_usage_error(orq):
    assert orq("login", "-t", token()).exit_code == 2
    assert orq("login", "-s", "https://a.example", "-c", "a", "-t", token()).exit_code == 2


def test_without_a_token_the_message_says_where_one_comes_from(orq):
    result = orq("login", "-s", "https://lab.example.com")

    assert result.exit_code == 2
    assert "orq engine token" in result.stderr


def test_the_list_marks_logins_that_still_work(orq, write_logins):
    write_logins(
        lab={"uri": "https://lab.example.com", "token": token()},
        old={"uri": "https://old.example.com", "token": token(expires_in=-60)},
        bare={"uri": "https://bare.example.com"},
        lost={"token": token()},
    )

    result = orq("login", "--list")

    rows = [line.split() for line in result.stdout.splitlines()]
    marks = {row[0]: row[-1] for row in rows if "CE_REMOTE" in row}
    assert marks == {"lab": "✓", "old": "⨉", "bare": "⨉", "lost": "⨉"}


def test_an_empty_list_says_how_to_log_in(orq):
    assert "orq login -s" in orq("login", "--list").stdout
