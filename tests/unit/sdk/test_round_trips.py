"""Definitions, quantities and ages: what is written is read as the same, whatever it is."""

import decimal
import json
import string
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orquestra.sdk.kubernetes.quantity import parse_quantity
from orquestra.sdk.runs.run_lists import parse_age
from orquestra.sdk.schema import ir

FACTORS = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "": Fraction(1),
    "k": 10**3,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "P": 10**15,
    "E": 10**18,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "Pi": 2**50,
    "Ei": 2**60,
}


def amounts(**limits):
    return st.floats(allow_nan=False, allow_infinity=False, **limits)


SPECIAL = {
    "value_preview": st.text(max_size=ir.VALUE_PREVIEW_LENGTH),
    "timeout_seconds": st.none() | amounts(),
    "max_age_seconds": st.none() | amounts(),
    "delay_seconds": amounts(),
    "backoff": amounts(),
    "max_delay_seconds": amounts(),
}


def documents(model):
    """Any document of a model; fields that have a default are there or not."""
    fields = {
        name: SPECIAL[name] if name in SPECIAL else st.from_type(field.annotation)
        for name, field in model.model_fields.items()
    }
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    return st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: values for name, values in fields.items() if name not in required},
    ).map(lambda values: model(**values))


for model in vars(ir).values():
    if isinstance(model, type) and issubclass(model, ir.Document) and model is not ir.Document:
        st.register_type_strategy(model, documents(model))


@settings(max_examples=40)  # they are large
@given(documents(ir.WorkflowDef))
def test_any_definition_is_read_as_it_was_written(definition):
    text = definition.model_dump_json()

    assert ir.WorkflowDef.model_validate_json(text) == definition
    assert ir.WorkflowDef.model_validate(definition.model_dump()) == definition
    assert json.loads(text) == definition.model_dump(mode="json")


@settings(max_examples=40)  # they are large
@given(documents(ir.WorkflowDef))
def test_fields_of_ours_are_written_only_where_they_are_set(definition):
    document = json.loads(definition.model_dump_json())

    for model, written in [
        (definition, document),
        *((task, document["tasks"][key]) for key, task in definition.tasks.items()),
        *((i, document["task_invocations"][key]) for key, i in definition.task_invocations.items()),
    ]:
        for name, field in type(model).model_fields.items():
            unset = getattr(model, name) in (None, {})
            assert (name in written) is not (unset and field.exclude_if is not None)


@st.composite
def quantities(draw):
    """A text, and the number that it stands for."""
    sign = draw(st.sampled_from(["", "+", "-"]))
    digits = draw(st.text("0123456789", min_size=1, max_size=15))
    places = draw(st.integers(0, len(digits)))
    number = f"{digits[:places]}.{digits[places:]}" if places < len(digits) else digits
    suffix = draw(st.sampled_from([*FACTORS, "e3", "E-2", "e+10"]))
    factor = FACTORS[suffix] if suffix in FACTORS else Fraction(10) ** int(suffix[1:])
    space = draw(st.sampled_from(["", " "]))
    shift = Fraction(1, 10 ** (len(digits) - places))
    amount = int(digits) * shift * factor * (-1 if sign == "-" else 1)
    return f"{space}{sign}{number}{suffix}{space}", amount


@given(quantities())
def test_quantities_are_exact(case):
    text, amount = case

    with decimal.localcontext(prec=3):  # what the caller calculates with has no influence
        assert Fraction(parse_quantity(text)) == amount


@given(st.text(string.ascii_letters, min_size=1, max_size=3).filter(lambda s: s not in FACTORS))
def test_any_other_suffix_is_refused(suffix):
    with pytest.raises(ValueError, match="not a quantity"):
        parse_quantity(f"1{suffix}")


@given(
    st.lists(st.none() | st.integers(0, 9999), min_size=4, max_size=4).filter(any), st.booleans()
)
def test_ages_are_the_sum_of_their_parts(numbers, upper):
    text = "".join(f"{n}{unit}" for n, unit in zip(numbers, "dhms", strict=True) if n is not None)
    days, hours, minutes, seconds = (number or 0 for number in numbers)

    assert parse_age(text.upper() if upper else text) == timedelta(
        days=days, hours=hours, minutes=minutes, seconds=seconds
    )


@given(st.permutations("dhms").filter(lambda units: units != list("dhms")))
def test_ages_have_one_order_of_units(units):
    with pytest.raises(ValueError, match="is not an age"):
        parse_age("".join(f"1{unit}" for unit in units))


@pytest.mark.parametrize("text", ["1h1h", "1.5h", "-1h", "h", "1 h", "1", "1w", "99999999999d"])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(ValueError, match="is not an age"):
        parse_age(text)
