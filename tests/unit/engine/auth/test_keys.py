import pytest

from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.errors import ConfigurationError


def test_the_key_is_made_once(tmp_path):
    first, second = (SecretKey.load(tmp_path).derive("login", "signing") for _ in range(2))

    assert first == second
    assert len((tmp_path / "secret.key").read_bytes()) == 32


@pytest.mark.parametrize("content", [b"", b"short", bytes(31), bytes(33)])
def test_what_is_no_key_is_refused_and_stays(tmp_path, content):
    path = tmp_path / "secret.key"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=rf"{path} has {len(content)} bytes.*copy"):
        SecretKey.load(tmp_path)

    assert path.read_bytes() == content


def test_keys_that_were_never_finished_are_removed(tmp_path):
    SecretKey.load(tmp_path)
    (tmp_path / ".secret.key.abc").write_bytes(bytes(32))

    SecretKey.load(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
