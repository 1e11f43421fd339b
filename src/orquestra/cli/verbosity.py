"""How much is logged: nothing of ours, or all of it where `ORQ_VERBOSE` is set."""

import os


def apply() -> None:
    """Log at DEBUG to standard error where `ORQ_VERBOSE` is `1` or `true`."""
    if os.environ.get("ORQ_VERBOSE", "").lower() not in {"1", "true"}:
        return
    import logging

    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")
