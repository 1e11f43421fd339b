import base64
import json
from pathlib import Path

import pytest

from orquestra.engine.images.credentials import Login, Logins, login_files
from orquestra.engine.images.references import ImageReference


def auth(username: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


def find(content: object, *, name: str, folder: Path) -> Login | None:
    file = folder / "config.json"
    file.write_text(json.dumps(content))
    return Logins([folder / "missing.json", file]).find(ImageReference.parse(name))


def test_the_login_of_the_registry_is_found(tmp_path: Path) -> None:
    content = {"auths": {"registry.example.com": auth("ada", "with:colon")}}

    login = find(content, name="registry.example.com/team/solver", folder=tmp_path)

    assert login == Login(username="ada", password="with:colon")
    assert find(content, name="other.example.com/team/solver", folder=tmp_path) is None


def test_the_most_specific_login_counts(tmp_path: Path) -> None:
    host = "registry.example.com"
    content = {"auths": {host: auth("all", "1"), f"{host}/team": auth("team", "2")}}

    login = find(content, name=f"{host}/team/solver", folder=tmp_path)

    assert login
    assert login.username == "team"


def test_docker_hub_is_known_by_its_old_address(tmp_path: Path) -> None:
    content = {"auths": {"https://index.docker.io/v1/": auth("ada", "1")}}

    assert find(content, name="team/solver", folder=tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        {"credHelpers": {"registry.example.com": "shelf"}},
        {"credsStore": "shelf", "auths": {"registry.example.com": {}}},
    ],
)
def test_a_credential_helper_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object
) -> None:
    helper = tmp_path / "docker-credential-shelf"
    helper.write_text(
        "#!/bin/sh\n"
        'test "$1" = get && '
        'echo "{\\"Username\\": \\"ada\\", \\"Secret\\": \\"for $(cat)\\"}"\n'
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    login = find(content, name="registry.example.com/solver", folder=tmp_path)

    assert login == Login(username="ada", password="for registry.example.com")


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"auths": {"registry.example.com": {"auth": "no base64!"}}},
        {"credHelpers": {"registry.example.com": "that-is-not-installed"}},
    ],
)
def test_a_broken_login_is_none(tmp_path: Path, content: object) -> None:
    assert find(content, name="registry.example.com/solver", folder=tmp_path) is None


def test_a_password_does_not_show() -> None:
    assert "secret" not in repr(Login(username="ada", password="secret"))


def test_the_files_of_podman_and_docker_are_read() -> None:
    files = login_files({"HOME": "/home/ada", "XDG_RUNTIME_DIR": "/run/user/1000"})

    assert [str(file) for file in files] == [
        "/run/user/1000/containers/auth.json",
        "/home/ada/.config/containers/auth.json",
        "/home/ada/.docker/config.json",
    ]
