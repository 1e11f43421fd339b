from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.engine.errors import SecretLocked
from orquestra.engine.secrets.encryption import Keys

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
PLACE = "team\0token"


@given(st.text(), st.text())
def test_a_value_opens_again_with_its_key_and_its_place(value, place):
    sealed = Keys([OLD]).seal(value, bound_to=place)

    assert Keys([NEW, OLD]).open(sealed, bound_to=place) == value


def test_the_first_key_seals():
    keys = Keys([NEW, OLD])

    assert keys.seal("hunter2", bound_to=PLACE).key_id == keys.ids[0] == Keys([NEW]).ids[0]


def test_a_key_cannot_be_told_from_its_name():
    (name,) = Keys([OLD]).ids

    assert len(name) == 16
    assert not OLD.hex().startswith(name)


def test_equal_values_do_not_look_equal():
    one, other = (Keys([OLD]).seal("hunter2", bound_to=PLACE) for _ in range(2))

    assert one.nonce != other.nonce
    assert one.ciphertext != other.ciphertext
    assert b"hunter2" not in one.ciphertext


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({}, "team\0other"),
        ({}, "other\0token"),
        ({"nonce": bytes(12)}, PLACE),
        ({"ciphertext": bytes(23)}, PLACE),
        ({"ciphertext": b""}, PLACE),
        ({"key_id": Keys([NEW]).ids[0]}, PLACE),
    ],
)
def test_what_was_changed_or_moved_does_not_open(change, place):
    keys = Keys([OLD, NEW])
    sealed = keys.seal("hunter2", bound_to=PLACE)

    with pytest.raises(SecretLocked, match="was changed by something else"):
        keys.open(replace(sealed, **change), bound_to=place)
