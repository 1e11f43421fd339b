"""Resource quantities as Kubernetes writes them: `500m`, `2Gi`, `1.5`."""

import re
from decimal import Context, Decimal

_QUANTITY = re.compile(
    r"\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<suffix>[a-zA-Z]*)\s*", re.ASCII
)

_FACTORS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "K": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}

_FACTOR_DIGITS = 20

_MOST_DIGITS = 40
"""Larger numbers would take seconds or gigabytes to be made whole."""


def parse_quantity(quantity: str | float | Decimal) -> Decimal:
    """The exact number that a quantity stands for; numbers stand for themselves.

    Raises:
        ValueError: it is no quantity, or far beyond what any machine has.
    """
    if isinstance(quantity, int | Decimal) and not isinstance(quantity, bool):
        amount = Decimal(quantity)
    else:
        match = _QUANTITY.fullmatch(str(quantity))
        if match is None or match["suffix"] not in _FACTORS:
            raise _not_a_quantity(quantity)
        try:
            # Not by the context of the caller, who may calculate with fewer digits.
            exact = Context(prec=len(match["number"]) + _FACTOR_DIGITS)
            amount = exact.multiply(Decimal(match["number"]), _FACTORS[match["suffix"]])
        except ArithmeticError as error:  # an exponent beyond what numbers can have
            raise _not_a_quantity(quantity) from error
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS:
        raise _not_a_quantity(quantity)
    return amount


def _not_a_quantity(quantity: object) -> ValueError:
    return ValueError(
        f"{quantity!r} is not a quantity. Write a number with an optional suffix, "
        'like "500m", "2" or "4Gi".'
    )
