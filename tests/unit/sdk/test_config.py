import json
import stat
import threading

import pytest

from orquestra.sdk import local_engine
from orquestra.sdk.config import RuntimeConfig, as_config, config_name_of
from orquestra.sdk.exceptions import (
    ConfigFileNotFoundError,
    ConfigNameNotFoundError,
    RayNotRunningError,
    RuntimeConfigError,
)
from orquestra.sdk.local_engine import LocalEngineFile


def test_a_login_is_saved_and_found_again(config_file):
    saved = RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert RuntimeConfig.load("prod-d") == saved
    assert RuntimeConfig.list_configs() == ["prod-d", "ray"]
    assert json.loads(config_file.read_text()) == {
        "version": "0.0.2",
        "configs": {
            "prod-d": {
                "config_name": "prod-d",
                "runtime_name": "CE_REMOTE",
                "runtime_options": {"uri": "https://prod-d.example.com", "token": "token"},
            }
        },
        "default_config_name": "local",
    }


def test_only_the_user_may_read_saved_tokens(config_file):
    RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert stat.S_IMODE(config_file.stat().st_mode) == 0o600
    assert {path.name for path in config_file.parent.iterdir()} == {
        "config.json",
        "config.json.lock",
    }


def test_a_token_does_not_show_when_a_configuration_is_printed():
    assert "secret" not in repr(RuntimeConfig.ce("https://prod-d.example.com", "secret"))


def test_a_new_login_replaces_the_token_and_keeps_everything_else(config_file):
    config_file.parent.mkdir()
    config_file.write_text(
        json.dumps(
            {
                "version": "0.0.2",
                "something_new": 1,
                "configs": {
                    "prod-d": {
                        "config_name": "prod-d",
                        "runtime_name": "CE_REMOTE",
                        "runtime_options": {"uri": "u", "token": "old", "color": "red"},
                    },
                    "my-ray": {"config_name": "my-ray", "runtime_name": "RAY_LOCAL"},
                },
            }
        )
    )

    RuntimeConfig.ce("https://prod-d.example.com", "new")

    content = json.loads(config_file.read_text())
    assert content["something_new"] == 1
    assert content["configs"]["prod-d"]["runtime_options"] == {
        "uri": "https://prod-d.example.com",
        "token": "new",
        "color": "red",
    }
    assert content["configs"]["my-ray"]["runtime_name"] == "RAY_LOCAL"
    assert RuntimeConfig.list_configs() == ["prod-d", "ray"]


def test_logins_saved_at_the_same_time_are_all_kept():
    names = [f"engine-{number}" for number in range(20)]
    threads = [
        threading.Thread(
            target=RuntimeConfig.ce, args=(f"https://{name}.example.com", "token"), daemon=True
        )
        for name in names
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(RuntimeConfig.list_configs()) == sorted([*names, "ray"])


def test_without_any_login_the_message_says_how_to_log_in():
    assert RuntimeConfig.list_configs() == ["ray"]
    with pytest.raises(ConfigFileNotFoundError, match="orq login"):
        RuntimeConfig.load("prod-d")


def test_an_unknown_name_is_told_with_the_known_ones():
    RuntimeConfig.ce("https://prod-d.example.com", "token")

    with pytest.raises(ConfigNameNotFoundError, match="Saved are: prod-d"):
        RuntimeConfig.load("prod-e")


@pytest.mark.parametrize("name", ["in_process", "auto"])
def test_other_local_runtimes_are_not_offered_yet(name):
    with pytest.raises(RuntimeConfigError, match=f"no runtime {name!r}"):
        RuntimeConfig.load(name)


@pytest.mark.parametrize("name", ["ray", "local"])
def test_the_local_runtime_has_two_names_and_need_not_run_to_be_named(name):
    config = RuntimeConfig.load(name)

    assert (config.name, config.is_local) == ("local", True)
    assert config == RuntimeConfig.ray() == as_config(name)
    with pytest.raises(RayNotRunningError, match="orq up"):
        config.resolved()


def test_the_local_runtime_is_where_its_file_says_at_that_moment():
    config = RuntimeConfig.ray()
    data = local_engine.data_folder()

    for port in (1, 2):
        url = f"http://127.0.0.1:{port}"
        local_engine.write(data, LocalEngineFile(pid=7, url=url, token=f"t{port}", version="2"))
        found = config.resolved()
        assert (found.uri, found.token, found.is_local) == (url, f"t{port}", True)


def test_a_login_is_resolved_already():
    config = RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert config.resolved() is config


@pytest.mark.parametrize("content", ["", "[]", '{"configs": {"a": {}}}'])
def test_a_broken_file_is_told_and_left_alone(config_file, content):
    config_file.parent.mkdir()
    config_file.write_text(content)

    with pytest.raises(RuntimeConfigError, match="Repair the file"):
        RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert config_file.read_text() == content


@pytest.mark.parametrize(
    ("runtime_name", "options", "problem"),
    [("QE_REMOTE", {}, "QE_REMOTE"), ("CE_REMOTE", {"uri": "https://x"}, "Log in again")],
)
def test_a_configuration_that_cannot_be_used_is_told(config_file, runtime_name, options, problem):
    config_file.parent.mkdir()
    entry = {"config_name": "old", "runtime_name": runtime_name, "runtime_options": options}
    config_file.write_text(json.dumps({"configs": {"old": entry}}))

    with pytest.raises(RuntimeConfigError, match=problem):
        RuntimeConfig.load("old")


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("https://prod-d.example.com", "prod-d"),
        ("http://127.0.0.1:8300", "127"),
        ("http://localhost:8300/", "localhost:8300"),
    ],
)
def test_the_name_follows_from_the_address(uri, name):
    assert config_name_of(uri) == name


@pytest.mark.parametrize("uri", ["", "prod-d.example.com", "ftp://x", "http://"])
def test_what_is_no_address_is_refused(uri):
    with pytest.raises(RuntimeConfigError, match="with its scheme"):
        RuntimeConfig.ce(uri, "token")


def test_names_of_local_runtimes_are_not_taken():
    with pytest.raises(ValueError, match="another host name"):
        RuntimeConfig.ce("https://ray.example.com", "token")


def test_a_configuration_is_a_name_or_an_object():
    config = RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert as_config(config) is config
    assert as_config("prod-d") == config
    with pytest.raises(TypeError, match="name or a RuntimeConfig"):
        as_config(None)


def test_a_second_engine_with_the_same_name_gets_host_and_port_and_the_first_one_stays():
    first = RuntimeConfig.ce("http://127.0.0.1:9", "token")

    with pytest.warns(UserWarning, match=r"saved as '127', so .* saved as '127.0.0.1:8'"):
        second = RuntimeConfig.ce("http://127.0.0.1:8", "token")

    assert second.name == "127.0.0.1:8"
    assert RuntimeConfig.load("127") == first
    assert RuntimeConfig.load("127.0.0.1:8") == second


def test_a_login_under_host_and_port_is_renewed_without_a_warning():
    RuntimeConfig.ce("http://127.0.0.1:9", "token")
    with pytest.warns(UserWarning, match="127"):
        RuntimeConfig.ce("http://127.0.0.1:8", "old")

    RuntimeConfig.ce("http://127.0.0.1:8", "new")

    assert RuntimeConfig.load("127.0.0.1:8").token == "new"


def test_the_same_engine_by_another_scheme_keeps_its_name():
    RuntimeConfig.ce("http://lab.example.com", "token")

    RuntimeConfig.ce("https://lab.example.com/", "token")

    assert RuntimeConfig.list_configs() == ["lab", "ray"]
    assert RuntimeConfig.load("lab").uri == "https://lab.example.com/"


def test_a_login_can_have_any_name_but_that_of_a_local_runtime():
    RuntimeConfig(name="work", uri="https://lab.example.com", token="token").save()

    assert RuntimeConfig.load("work").uri == "https://lab.example.com"
    with pytest.raises(ValueError, match="means a local runtime"):
        RuntimeConfig(name="ray", uri="https://lab.example.com", token="token").save()
