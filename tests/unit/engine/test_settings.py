import os
import stat
from datetime import timedelta

import pytest

from orquestra.engine.errors import ConfigurationError
from orquestra.engine.settings import DataFolder, Settings


def load(tmp_path, *, text="", **options):
    file = tmp_path / "engine.toml"
    file.write_text(text)
    return Settings.load(data=tmp_path / "data", host="127.0.0.1", port=0, file=file, **options)


def test_simulated_gpus_of_the_command_line_count_before_those_of_the_file(tmp_path):
    text = "[nodes]\nsimulated_gpus = 1\nstandby = 0\n"

    said = load(tmp_path, text=text, simulated_gpus=3).nodes
    silent = load(tmp_path, text=text).nodes

    assert (said.simulated_gpus, said.standby) == (3, 0)
    assert silent.simulated_gpus == 1


def test_base_images_of_a_local_engine_are_those_built_on_its_machine(tmp_path):
    assert load(tmp_path, local=True).base_repository == "localhost/orquestra-sdk-base"
    assert load(tmp_path).base_repository == "127.0.0.1:5000/orquestra/orquestra-sdk-base"


def test_fewer_standbys_than_none_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="standby"):
        load(tmp_path, text="[nodes]\nstandby = -1\n")


@pytest.mark.parametrize(("text", "days"), [("", 30), ("[login]\ntoken_days = 7\n", 7)])
def test_how_long_tokens_of_the_login_page_are_valid_can_be_set(tmp_path, text, days):
    assert load(tmp_path, text=text).login.token_lifetime == timedelta(days=days)


def test_tokens_that_are_valid_for_no_day_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="token_days"):
        load(tmp_path, text="[login]\ntoken_days = 0\n")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://orquestra.example.com", "https://orquestra.example.com"),
        ("http://10.0.0.1:8300/", "http://10.0.0.1:8300"),
        ("https://[::1]:8300", "https://[::1]:8300"),
    ],
)
def test_users_are_told_another_address_where_one_is_set(tmp_path, given, address):
    assert load(tmp_path, text=f'public_address = "{given}"\n').address == address


@pytest.mark.parametrize(
    "given",
    [
        "orquestra.example.com",
        "ftp://orquestra.example.com",
        "https://",
        "https://orquestra.example.com/engine",
        "https://orquestra.example.com?a",
        "https://ada@orquestra.example.com",
        "https://a b",
        "",
    ],
)
def test_what_is_no_address_of_an_engine_is_refused(tmp_path, given):
    with pytest.raises(ConfigurationError, match=r"public_address: .*https://HOST"):
        load(tmp_path, text=f'public_address = "{given}"\n')


@pytest.mark.parametrize("given", ["proxy.example.com", "10.0.0.1/8", "*"])
def test_what_is_no_address_of_a_proxy_is_refused(tmp_path, given):
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        load(tmp_path, text=f'trusted_proxies = ["{given}"]\n')


def test_owners_have_environments_of_their_own(tmp_path):
    folder = DataFolder(tmp_path)

    mine, yours = folder.environments_of("ada"), folder.environments_of("../bob")

    assert mine != yours
    assert mine.parent == yours.parent == folder.environments


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o750])
def test_a_data_folder_that_another_tool_has_made_is_closed(tmp_path, mode):
    tmp_path.chmod(mode)

    DataFolder(tmp_path).create()

    assert permissions(tmp_path) == 0o700


def test_a_data_folder_that_everybody_can_write_to_is_refused(tmp_path):
    tmp_path.chmod(0o1777)

    with pytest.raises(ConfigurationError, match=f"--data {tmp_path / 'engine'}"):
        DataFolder(tmp_path).create()

    assert permissions(tmp_path) == 0o1777
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_another_user_has_made_is_refused(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)

    with pytest.raises(ConfigurationError, match="another user"):
        DataFolder(tmp_path).create()
