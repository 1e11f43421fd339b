from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.sdk.kubernetes.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", "2"),
        ("500m", "0.5"),
        ("1n", "1e-9"),
        ("1.5k", "1500"),
        ("1K", "1000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1E", "1e18"),
        ("10Ki", "10240"),
        ("2Gi", str(2 * 2**30)),
        ("+2", "2"),
        (" 3 ", "3"),
        ("-1", "-1"),
        (".5", "0.5"),
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
