from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.sdk.kubernetes.quantity import parse_quantity

SUFFIXES = {
    "n": "1e-9",
    "u": "1e-6",
    "m": "1e-3",
    "": "1",
    "k": "1e3",
    "K": "1e3",
    "M": "1e6",
    "G": "1e9",
    "T": "1e12",
    "P": "1e15",
    "E": "1e18",
    "Ki": str(2**10),
    "Mi": str(2**20),
    "Gi": str(2**30),
    "Ti": str(2**40),
    "Pi": str(2**50),
    "Ei": str(2**60),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_suffixes_are_powers_of_a_thousand_or_of_1024(suffix):
    assert parse_quantity(f"1{suffix}") == Decimal(SUFFIXES[suffix])
    assert parse_quantity(f"-2.5{suffix}") == Decimal("-2.5") * Decimal(SUFFIXES[suffix])


@pytest.mark.parametrize("suffix", ["ki", "ni", "ui", "mi", "gi", "g", "t", "Kb", "GB", "i"])
def test_suffixes_that_look_like_others_are_refused(suffix):
    # Release 1.1 took `ni`, `ui` and `mi` for negative powers of 1024, which nobody means.
    with pytest.raises(ValueError, match="4Gi"):
        parse_quantity(f"1{suffix}")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", "2"),
        ("500m", "0.5"),
        ("1.5k", "1500"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("+2", "2"),
        (" 3 ", "3"),
        ("-1", "-1"),
        (".5", "0.5"),
        ("1.", "1"),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(text, number):
    assert parse_quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "abc", "1x", "10ki", "Gi", "1 Gi", "1e", "nan", "1_000", "²"])
def test_texts_that_are_no_quantities_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match="4Gi"):
        parse_quantity(text)


@pytest.mark.parametrize(
    "value", [[1], None, True, float("nan"), float("inf"), Decimal("NaN"), "1e50", "1e999999999999"]
)
def test_nothing_else_is_a_quantity(value):
    with pytest.raises(ValueError, match="4Gi"):
        parse_quantity(value)


@given(st.integers(-(10**30), 10**30) | st.decimals(-(10**30), 10**30))
def test_numbers_stand_for_themselves(number):
    assert parse_quantity(number) == number


def test_a_float_means_the_number_it_is_written_as():
    assert parse_quantity(0.1) == Decimal("0.1")
