"""A module beside the workflow."""


def rounded(value: float) -> float:
    return round(value, 1)
