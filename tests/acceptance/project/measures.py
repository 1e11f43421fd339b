"""A module beside the workflow."""


class NotYetError(Exception):
    """Raised by tasks that succeed when they are tried again."""


def rounded(value: float) -> float:
    return round(value, 1)
