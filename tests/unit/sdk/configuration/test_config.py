import json
import stat
import threading
import warnings

import pytest

from orquestra import sdk
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.config import (
    RuntimeConfig,
    as_config,
    config_name_of,
    save_login,
    saved_logins,
)
from orquestra.sdk.configuration.local_engine import LocalEngineFile
from orquestra.sdk.exceptions import (
    ConfigFileNotFoundError,
    ConfigNameNotFoundError,
    QERemoved,
    RayNotRunningError,
    RuntimeConfigError,
)

BUILT_IN = ["ray", "in_process"]


@pytest.fixture
def save_entry(config_file):
    """Write a file with one entry, "old"."""

    def save(**entry):
        config_file.parent.mkdir()
        config_file.write_text(json.dumps({"configs": {"old": {"config_name": "old", **entry}}}))

    return save


@pytest.fixture
def platform(monkeypatch, tmp_path):
    """The environment of a program inside of a platform; gives the file of its token."""
    token = tmp_path / "token"
    token.write_text("the token\n")
    monkeypatch.setenv("ORQUESTRA_PASSPORT_FILE", str(token))
    monkeypatch.setenv("ORQ_CURRENT_CLUSTER", "prod-d.example.com")
    return token


def test_a_login_is_saved_and_found_again(config_file):
    saved = RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert RuntimeConfig.load("prod-d") == saved
    assert RuntimeConfig.list_configs() == ["prod-d", *BUILT_IN]
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
    assert RuntimeConfig.list_configs() == ["prod-d", "my-ray", *BUILT_IN]
    assert list(saved_logins()) == ["prod-d"]


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

    assert sorted(RuntimeConfig.list_configs()) == sorted([*names, *BUILT_IN])


def test_engines_of_one_name_saved_at_the_same_time_are_both_kept(config_file):
    together = threading.Barrier(2, timeout=2)

    def save(host):
        together.wait()
        RuntimeConfig.ce(f"https://lab.{host}", "token")

    for _ in range(20):
        config_file.unlink(missing_ok=True)
        threads = [
            threading.Thread(target=save, args=(host,), daemon=True) for host in ("org", "net")
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the second name
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert len(saved_logins()) == 2


def test_without_any_login_the_message_says_how_to_log_in():
    assert RuntimeConfig.list_configs() == BUILT_IN
    with pytest.raises(ConfigFileNotFoundError, match="orq login"):
        RuntimeConfig.load("prod-d")


def test_an_unknown_name_is_told_with_the_known_ones():
    RuntimeConfig.ce("https://prod-d.example.com", "token")

    with pytest.raises(ConfigNameNotFoundError, match="Saved are: prod-d"):
        RuntimeConfig.load("prod-e")


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


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "Invalid JSON: EOF while parsing a value at line 1"),
        ('{\n"configs": x}', "Invalid JSON: expected value at line 2 column 12"),
        ("[]", "should be an object"),
        ('{"configs": {"a": {}}}', "configs.a.config_name: Field required"),
    ],
)
def test_a_broken_file_is_told_with_what_is_wrong_and_left_alone(config_file, content, problem):
    config_file.parent.mkdir()
    config_file.write_text(content)

    with pytest.raises(RuntimeConfigError, match=f"{problem}.*Repair the file"):
        RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert config_file.read_text() == content


@pytest.mark.parametrize(
    ("runtime_name", "options", "error", "problem"),
    [
        ("QE_REMOTE", {}, QERemoved, "Quantum Engine"),
        ("XY_REMOTE", {}, RuntimeConfigError, "XY_REMOTE"),
        ("CE_REMOTE", {"uri": "https://x"}, RuntimeConfigError, "Log in again"),
        ("CE_REMOTE", {"uri": "https://x", "token": None}, RuntimeConfigError, "Log in again"),
        ("CE_REMOTE", {"uri": "https://x", "token": 5}, RuntimeConfigError, "'old' has a token"),
        ("CE_REMOTE", {"uri": 5, "token": "t"}, RuntimeConfigError, "'old' has a uri that is no"),
        ("CE_REMOTE", {"color": "red"}, RuntimeConfigError, "'color'.* Known are: uri, token"),
        ("IN_PROCESS", {"uri": "x"}, RuntimeConfigError, r"'uri'.* Known are: \(none\)"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told(
    save_entry, runtime_name, options, error, problem
):
    save_entry(runtime_name=runtime_name, runtime_options=options)

    with pytest.raises(error, match=problem):
        RuntimeConfig.load("old")


@pytest.mark.parametrize("uri", [5, "http://[x"])
def test_a_damaged_login_is_in_the_way_of_no_other(save_entry, uri):
    save_entry(runtime_name="CE_REMOTE", runtime_options={"uri": uri, "token": "t"})

    RuntimeConfig.ce("https://prod-d.example.com", "token")

    assert RuntimeConfig.load("prod-d").token == "token"


def test_a_login_has_the_name_under_which_it_stands_in_the_file(config_file):
    options = {"uri": "https://lab.example.com", "token": "old"}
    entry = {"config_name": "other", "runtime_name": "CE_REMOTE", "runtime_options": options}
    config_file.parent.mkdir()
    config_file.write_text(json.dumps({"configs": {"lab": entry}}))

    assert list(saved_logins()) == ["lab"]
    RuntimeConfig.load("lab").update_saved_token("new")

    assert list(saved_logins()) == ["lab"]
    assert RuntimeConfig.load("lab").token == "new"


def test_a_local_runtime_of_an_old_file_keeps_its_name_and_options(save_entry):
    save_entry(runtime_name="RAY_LOCAL", runtime_options={"temp_dir": "/data/ray"})

    config = RuntimeConfig.load("old")

    assert (config.name, config.is_local, config.temp_dir) == ("old", True, "/data/ray")
    assert config != RuntimeConfig.ray()


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


@pytest.mark.parametrize("uri", ["", "prod-d.example.com", "ftp://x", "http://", "http://[x"])
def test_what_is_no_address_is_refused(uri):
    with pytest.raises(RuntimeConfigError, match="with its scheme"):
        RuntimeConfig.ce(uri, "token")


@pytest.mark.parametrize("credentials", ["ada:hunter2", "hunter2", ":hunter2"])
def test_an_address_with_credentials_is_refused(config_file, credentials):
    with pytest.raises(RuntimeConfigError, match=r"lab.example.com.*before the \"@\"") as refused:
        RuntimeConfig.ce(f"https://{credentials}@lab.example.com", "token")

    assert "hunter2" not in str(refused.value)
    assert not config_file.exists()


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


def test_an_engine_with_a_name_of_its_own_is_renewed_under_it_where_the_derived_one_is_taken():
    RuntimeConfig.ce("http://127.0.0.1:9", "token")
    save_login(RuntimeConfig.unsaved(name="second", uri="http://127.0.0.1:8", token="old"))

    renewed = RuntimeConfig.ce("http://127.0.0.1:8", "new")

    assert renewed.name == "second"
    assert RuntimeConfig.load("second").token == "new"
    assert list(saved_logins()) == ["127", "second"]


def test_a_login_that_replaces_one_of_another_kind_keeps_none_of_its_options(save_entry):
    save_entry(runtime_name="QE_REMOTE", runtime_options={"uri": "https://old.org", "mode": "x"})

    login = RuntimeConfig.unsaved(name="old", uri="https://old.org", token="token")
    save_login(login)

    assert RuntimeConfig.load("old") == login


def test_the_same_engine_by_another_scheme_keeps_its_name():
    RuntimeConfig.ce("http://lab.example.com", "token")

    RuntimeConfig.ce("https://lab.example.com/", "token")

    assert RuntimeConfig.list_configs() == ["lab", *BUILT_IN]
    assert RuntimeConfig.load("lab").uri == "https://lab.example.com/"


def test_a_login_can_have_any_name_but_that_of_a_local_runtime():
    save_login(RuntimeConfig.unsaved(name="work", uri="https://lab.example.com", token="token"))

    assert RuntimeConfig.load("work").uri == "https://lab.example.com"
    with pytest.raises(ValueError, match="means a local runtime"):
        save_login(RuntimeConfig.unsaved(name="ray", uri="https://x.example.com", token="token"))


def test_this_process_is_a_runtime():
    config = RuntimeConfig.in_process()

    assert config == RuntimeConfig.load("in_process") == as_config("in_process")
    assert (config.name, config.is_in_process, config.is_local) == ("in_process", True, False)
    assert config.resolved() is config


def test_the_local_runtime_has_the_attributes_of_release_1_1():
    config = RuntimeConfig.ray()

    options = (config.address, config.log_to_driver, config.configure_logging)
    assert options == ("auto", False, False)
    assert (config.storage, config.temp_dir) == (None, None)


def test_the_constructor_is_not_for_users():
    with pytest.raises(ValueError, match=r"RuntimeConfig.ce\(uri, token\)"):
        RuntimeConfig("RAY_LOCAL", "local")
    with pytest.raises(ValueError, match="'SLURM' is none of: CE_REMOTE"):
        RuntimeConfig("SLURM", "local", bypass_factory_methods=True)
    assert RuntimeConfig("RAY_LOCAL", "local", bypass_factory_methods=True) == RuntimeConfig.ray()


def test_configurations_are_equal_by_name_runtime_and_options():
    first = RuntimeConfig.unsaved(name="a", uri="https://x", token="1")

    assert first == RuntimeConfig.unsaved(name="a", uri="https://x", token="1")
    assert first != RuntimeConfig.unsaved(name="a", uri="https://x", token="2")
    assert first != RuntimeConfig.unsaved(name="b", uri="https://x", token="1")
    assert first != RuntimeConfig("RAY_LOCAL", "a", bypass_factory_methods=True)
    assert first != "a"
    assert len({first, RuntimeConfig.unsaved(name="a", uri="https://x", token="1")}) == 1


def test_a_configuration_says_what_it_is():
    config = RuntimeConfig.ce("https://prod-d.example.com", "secret")

    assert str(config) == "'prod-d': CE_REMOTE at https://prod-d.example.com"
    assert str(RuntimeConfig.in_process()) == "'in_process': IN_PROCESS"


def test_a_token_is_updated_here_and_in_the_file():
    config = RuntimeConfig.ce("https://prod-d.example.com", "old")

    config.update_saved_token("new")

    assert config.token == RuntimeConfig.load("prod-d").token == "new"


@pytest.mark.parametrize("config", [RuntimeConfig.ray(), RuntimeConfig.in_process()])
def test_only_compute_engines_have_tokens(config):
    with pytest.raises(SyntaxError, match="has no token"):
        config.update_saved_token("new")


def test_a_broken_file_leaves_the_built_in_names(config_file):
    config_file.parent.mkdir()
    config_file.write_text("{")

    with pytest.warns(UserWarning, match="Repair the file"):
        assert RuntimeConfig.list_configs() == BUILT_IN


def test_auto_is_the_compute_engine_inside_of_a_platform(platform):
    config = RuntimeConfig.load("auto")

    found = (config.name, config.uri, config.token)
    assert found == ("auto", "https://prod-d.example.com", "the token")
    assert RuntimeConfig.list_configs() == [*BUILT_IN, "auto"]


def test_the_token_of_a_platform_is_read_again_for_each_use(platform):
    config = RuntimeConfig.load("auto")
    platform.write_text("another")

    assert config.resolved().token == "another"


def test_auto_needs_the_cluster_and_the_token_of_the_platform(platform, monkeypatch):
    platform.unlink()
    with pytest.raises(FileNotFoundError, match="ORQUESTRA_PASSPORT_FILE says"):
        RuntimeConfig.load("auto")

    monkeypatch.delenv("ORQ_CURRENT_CLUSTER")
    with pytest.raises(EnvironmentError, match="ORQ_CURRENT_CLUSTER is not set"):
        RuntimeConfig.load("auto")


def test_auto_is_what_the_environment_says_on_a_machine_of_a_user(monkeypatch):
    config = RuntimeConfig.ce("https://prod-d.example.com", "token")
    monkeypatch.setenv("ORQ_CURRENT_CONFIG", "prod-d")

    assert RuntimeConfig.load("auto") == config


@pytest.mark.parametrize("name", ["", "auto", "no-such-login"])
def test_auto_that_means_nothing_is_told(monkeypatch, name):
    monkeypatch.setenv("ORQ_CURRENT_CONFIG", name)

    with pytest.raises(RuntimeConfigError, match=r"ORQ_CURRENT_CONFIG"):
        RuntimeConfig.load("auto")


def test_migrating_the_file_does_nothing_but_say_so(config_file):
    with pytest.warns(DeprecationWarning, match="does nothing"):
        sdk.migrate_config_file()

    assert not config_file.exists()
