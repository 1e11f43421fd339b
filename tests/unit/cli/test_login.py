import json

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


def test_a_saved_login_gets_a_new_token_by_its_name(orq):
    orq("login", "-s", "https://lab.example.com", "-t", token(expires_in=-60))
    orq("login", "-s", "https://lab.example.com", "-t", token())

    result = orq("login", "-c", "lab", "-t", token())

    assert result.exit_code == 0
    assert orq.json("login", "--list")["logins"][0]["uri"] == "https://lab.example.com"


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


def test_the_list_marks_logins_that_still_work(orq):
    orq("login", "-s", "https://lab.example.com", "-t", token())

    assert "lab" in orq("login", "--list").stdout
    assert "✓" in orq("login", "--list").stdout


def test_an_empty_list_says_how_to_log_in(orq):
    assert "orq login -s" in orq("login", "--list").stdout
