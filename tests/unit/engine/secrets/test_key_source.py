import base64
import stat

import pytest

from orquestra.engine.errors import SecretLocked
from orquestra.engine.secrets.encryption import Keys
from orquestra.engine.secrets.key_source import KeySource

KEYS = [bytes([number] * 32) for number in range(4)]
TEXTS = [base64.b64encode(key).decode() for key in KEYS]
IDS = [Keys([key]).ids[0] for key in KEYS]


def source(folder, variable: str | None = None) -> KeySource:
    environment = {} if variable is None else {"ORQUESTRA_SECRETS_KEY": variable}
    return KeySource(folder, environment=environment)


def test_the_first_key_is_made_when_it_is_needed_and_closed_to_others(tmp_path):
    assert source(tmp_path).read().ids == ()
    assert list(tmp_path.iterdir()) == []

    made = source(tmp_path).read_or_make()

    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made.ids) == 1
    assert source(tmp_path).read_or_make().ids == source(tmp_path).read().ids == made.ids


@pytest.mark.parametrize(
    ("variable", "file", "expected"),
    [
        (TEXTS[0], None, [0]),
        (f"{TEXTS[1]}, {TEXTS[0]},", None, [1, 0]),
        (None, f"{TEXTS[1]}\n\n {TEXTS[0]}\n", [1, 0]),
        (TEXTS[2], TEXTS[0], [2, 0]),
        (" ", TEXTS[0], [0]),
    ],
)
def test_keys_of_the_environment_come_before_those_of_the_file(tmp_path, variable, file, expected):
    if file is not None:
        (tmp_path / "secrets.key").write_text(file)

    assert list(source(tmp_path, variable).read_or_make().ids) == [IDS[key] for key in expected]


def test_a_variable_without_a_key_is_none(tmp_path):
    keys = source(tmp_path, " , ")

    assert not keys.is_environment
    assert len(keys.read_or_make().ids) == 1


def test_with_a_key_in_the_environment_no_file_is_made(tmp_path):
    source(tmp_path, TEXTS[0]).read_or_make()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["short", TEXTS[0][:-4], TEXTS[0] + "AAAA", "ä" * 44, TEXTS[0][1:]]
)
def test_what_is_no_key_is_told_with_its_place_but_not_its_text(tmp_path, text):
    (tmp_path / "secrets.key").write_text(f"{TEXTS[1]}\n{text}\n")

    for place, keys in (
        ("entry 2 of the file secrets.key", source(tmp_path)),
        ("entry 1 of ORQUESTRA_SECRETS_KEY", source(tmp_path, text)),
    ):
        with pytest.raises(SecretLocked, match=rf"{place}.* is no key.*openssl rand") as caught:
            keys.read()
        assert text not in str(caught.value)


def test_a_key_that_is_not_there_is_named_with_what_to_do(tmp_path):
    known = source(tmp_path).read_or_make()

    with pytest.raises(SecretLocked, match=rf"with the key {IDS[3]}.*put a key back"):
        source(tmp_path).with_key(IDS[3], known=known)


def test_a_key_that_has_come_since_is_found(tmp_path):
    keys = source(tmp_path)
    known = keys.read_or_make()
    keys.replace([KEYS[3], *keys.in_file()])

    assert IDS[3] in keys.with_key(IDS[3], known=known).ids
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


def test_an_empty_file_is_no_place_for_a_first_key(tmp_path):
    (tmp_path / "secrets.key").touch()

    with pytest.raises(SecretLocked, match=r"secrets\.key .* is empty"):
        source(tmp_path).read_or_make()


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "secrets.key").mkdir()

    with pytest.raises(SecretLocked, match=r"secrets\.key .* cannot be read: Is a directory"):
        source(tmp_path).read()
