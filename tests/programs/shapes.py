"""A module beside the programs, as users have some."""

UNIT = "m2"


def area(width: float, height: float) -> str:
    return f"{width * height:g} {UNIT}"
