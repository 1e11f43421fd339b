import pytest

from images.errors import BuildError
from images.trust import (
    Trust,
    find_trust,
    localise,
    mounted,
    parse_config_list,
    read_config,
    render_config,
)


def test_settings_of_the_environment_win_over_those_of_files():
    printed = (
        ":env:.find-links='/from/environment'\n"
        "global.find-links='/from/file'\n"
        "install.no-index='true'\n"
        "freeze.user='true'\n"
    )

    assert parse_config_list(printed) == {"find-links": "/from/environment", "no-index": "true"}


def test_both_spellings_of_a_setting_are_one():
    assert parse_config_list(":env:.default-timeout='180'") == {"timeout": "180"}


def test_a_local_index_is_mounted_with_the_folder_around_it(tmp_path):
    (tmp_path / "simple").mkdir()

    settings, mounts = localise({"index-url": f"file://{tmp_path}/simple"})

    assert settings == {"index-url": "file:///run/orquestra-build/folders/0/simple"}
    assert [(mount.source, mount.target) for mount in mounts] == [
        (tmp_path, "/run/orquestra-build/folders/0")
    ]


def test_the_root_of_the_file_system_is_never_mounted(monkeypatch):
    monkeypatch.setattr("pathlib.Path.is_dir", lambda _: True)

    _, mounts = localise({"index-url": "file:///simple"})

    assert [str(mount.source) for mount in mounts] == ["/simple"]


def test_remote_places_and_missing_folders_are_left_as_they_are(tmp_path):
    places = f"https://wheels.example.com/a\nfile://{tmp_path}/missing"

    assert localise({"find-links": places}) == ({"find-links": places}, ())


def test_a_rendered_configuration_reads_back_the_same(tmp_path):
    settings = {"find-links": "/a\n/b", "cert": "/run/ca.crt"}
    path = tmp_path / "pip.conf"

    path.write_text(render_config(settings))

    assert read_config(path) == settings


def test_the_bundle_and_a_configuration_that_names_it_are_mounted_then_gone(tmp_path):
    bundle = tmp_path / "company.crt"
    bundle.write_text("CERTIFICATE")

    with mounted(Trust(ca_bundle=bundle, settings={})) as mounts:
        by_target = {mount.target: mount.source for mount in mounts}
        trusted = by_target["/run/orquestra-build/trust"]

        assert (trusted / "ca-bundle.crt").read_text() == "CERTIFICATE"
        assert "/run/orquestra-build/trust/ca-bundle.crt" in by_target["/etc/pip.conf"].read_text()

    assert not trusted.exists()


def test_patience_alone_is_no_reason_to_mount_anything():
    with mounted(Trust(ca_bundle=None, settings={"timeout": "60"})) as mounts:
        assert mounts == ()


def test_a_configuration_file_is_taken_instead_of_this_machines_settings(tmp_path):
    bundle = tmp_path / "ca.crt"
    bundle.touch()
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\ncert = {bundle}\nproxy = http://proxy.example.com\n")

    trust = find_trust(ca_bundle=None, pip_config=config)

    assert trust == Trust(ca_bundle=bundle, settings={"proxy": "http://proxy.example.com"})


def test_a_missing_bundle_is_named(tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text("[global]\n")

    with pytest.raises(BuildError, match="is not a file"):
        find_trust(ca_bundle=tmp_path / "nowhere.crt", pip_config=config)
