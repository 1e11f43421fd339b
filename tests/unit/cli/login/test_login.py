import json
import shlex

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
    assert "hint: `orq login -s <server> --name work`" in result.stderr


def test_a_second_engine_of_one_name_gets_host_and_port_and_a_note_says_so(orq, saved):
    orq("login", "-s", "http://127.0.0.1:9", "-t", token())

    result = orq("login", "-s", "http://127.0.0.1:8", "-t", token())

    assert result.exit_code == 0
    assert "runtime CE_REMOTE is '127.0.0.1:8'" in result.stdout
    assert result.stderr.startswith("note: Another Compute Engine is saved as '127'")
    assert {name: options["uri"] for name, options in saved().items()} == {
        "127": "http://127.0.0.1:9",
        "127.0.0.1:8": "http://127.0.0.1:8",
    }


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


@pytest.mark.parametrize("name", ["", " "])
def test_a_name_that_is_empty_is_refused(orq, tmp_path, name):
    result = orq("login", "-s", "https://lab.example.com", "--name", name, "-t", token())

    assert result.exit_code == 2
    assert "The name is empty." in result.stderr
    assert orq("login", "-c", "", "-t", token()).exit_code == 2
    assert not (tmp_path / "config.json").exists()


def test_an_address_that_cannot_be_read_is_refused_whatever_name_is_given(orq):
    result = orq("login", "-s", "http://[x", "--name", "lab", "-t", token())

    assert result.exit_code == 2
    assert "is not the address of a Compute Engine" in result.stderr


@pytest.mark.parametrize("port", ["99999", "0", "http"])
@pytest.mark.parametrize("name", [[], ["--name", "lab"]])
def test_an_address_with_a_port_that_cannot_be_is_refused(orq, tmp_path, port, name):
    result = orq("login", "-s", f"http://127.0.0.1:{port}", *name, "-t", token())

    assert result.exit_code == 2
    assert f"The port in 'http://127.0.0.1:{port}' is no number" in result.stderr
    assert not (tmp_path / "config.json").exists()


def test_an_address_is_the_same_in_whatever_letters_it_is_written(orq, saved):
    orq("login", "-s", "http://localhost:9", "-t", token())
    new = token(expires_in=60)

    orq("login", "-s", " HTTP://LocalHost:9", "-t", new)

    assert saved() == {"localhost:9": {"uri": "http://localhost:9", "token": new}}


def test_only_the_host_of_an_address_is_written_in_small_letters(orq, saved):
    orq("login", "-s", "https://Lab.example.com/Engine", "-t", token())

    assert saved()["lab"]["uri"] == "https://lab.example.com/Engine"


def test_blanks_around_a_name_do_not_count(orq, saved):
    orq("login", "-s", "https://lab.example.com", "--name", " my lab ", "-t", token())

    assert saved().keys() == {"my lab"}
    assert orq("login", "-s", "https://a.b", "--name", " local ", "-t", token()).exit_code == 2


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


def test_what_was_saved_is_told_as_json_too(orq):
    document = orq.json("login", "-s", "https://lab.example.com", "-t", token())

    assert document == {"name": "lab", "runtime": "CE_REMOTE", "uri": "https://lab.example.com"}


def test_what_is_no_address_is_a_usage_error_whatever_name_is_given(orq):
    for name in ([], ["--name", "lab"]):
        result = orq("login", "-s", "lab.example.com", *name, "-t", token())

        assert result.exit_code == 2
        assert "is not the address of a Compute Engine" in result.stderr


def test_the_hidden_name_of_the_command_in_release_1_1_still_works(orq, saved):
    orq("login", "auth", "-s", "https://lab.example.com", "-t", token(), "--ce")

    assert saved().keys() == {"lab"}


class TestNameOfNoLogin:
    @pytest.mark.parametrize(
        ("name", "code", "problem"),
        [
            ("lba", 2, "No config 'lba' found in file."),
            ("local", 14, "Cannot log in with 'local' as it relates to local runs."),
            ("my-ray", 14, "Cannot log in with 'my-ray' as it relates to local runs."),
            ("here", 14, "Cannot log in with 'here' as it relates to local runs."),
            ("ray", 14, "Cannot log in with 'ray' as it relates to local runs."),
            ("new", 2, "Cannot log in with 'new' as it is of the kind FOO."),
        ],
    )
    def test_is_told_with_the_names_that_there_are(self, orq, write_logins, name, code, problem):
        write_logins(lab={"uri": "https://lab.example.com", "token": token()})
        write_logins(ray={"uri": "https://ray.example.com", "token": token()})
        write_logins.add("my-ray", "RAY_LOCAL")
        write_logins.add("here", "IN_PROCESS")
        write_logins.add("new", "FOO")

        result = orq("login", "-c", name, "-t", token())

        assert result.exit_code == code
        assert result.stderr == f"error: {problem}\nhint: choose one of: lab\n"

    def test_is_asked_for_again_on_a_terminal(self, orq, write_logins, saved, keyboard):
        write_logins(lab={"uri": "https://lab.example.com"}, old={"uri": "https://old.example.com"})
        new = token()
        keyboard.types(keyboard.DOWN, keyboard.ENTER)

        result = orq("login", "-c", "lba", "-t", new)

        assert result.exit_code == 0, result.output
        assert saved()["old"] == {"uri": "https://old.example.com", "token": new}


def test_a_login_of_quantum_engine_becomes_one_of_a_compute_engine_where_that_is_wanted(
    orq, write_logins, saved, keyboard
):
    write_logins.add("old", "QE_REMOTE", uri="https://old.example.com", token="old", extra=1)
    new = token()
    keyboard.types("y")

    result = orq("login", "-c", "old", "-t", new)

    assert result.exit_code == 0, result.output
    assert saved() == {"old": {"uri": "https://old.example.com", "token": new}}


def test_in_a_script_a_login_of_quantum_engine_is_changed_by_the_command_that_is_told(
    orq, write_logins, saved
):
    write_logins.add("my lab", "QE_REMOTE", uri="https://old.example.com", token="old")

    result = orq("login", "-c", "my lab", "-t", token())

    assert result.exit_code == 255
    _, hint = result.stderr.split("hint: answer with ")
    assert hint == "-s https://old.example.com --name 'my lab'\n"
    new = token()
    assert orq("login", *shlex.split(hint), "-t", new).exit_code == 0
    assert saved() == {"my lab": {"uri": "https://old.example.com", "token": new}}


def test_a_login_of_quantum_engine_stays_where_the_change_is_not_wanted(
    orq, write_logins, saved, keyboard
):
    write_logins.add("old", "QE_REMOTE", uri="https://old.example.com", token="old")
    keyboard.types("n")

    result = orq("login", "-c", "old", "-t", token())

    assert result.exit_code == 15
    assert saved()["old"]["token"] == "old"
