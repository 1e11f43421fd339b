"""A user's program with modules of its own, and everything that release 1.1 did not have."""

import os
import time

from measures import rounded

from orquestra import sdk


@sdk.task
def radii(count):
    return list(range(count))


@sdk.task
def measured(radius, *, unit):
    from shapes import area

    return f"{rounded(area(radius))} {unit}"


@sdk.task
def joined(parts, labels):
    return [f"{label}: {', '.join(parts[label])}" for label in sorted(labels)]


@sdk.task(timeout=1)
def too_long():
    time.sleep(600)


@sdk.task(cache=True)
def drawn(seed):
    """Not the same twice, so a result that is the same was used again."""
    return seed, os.urandom(8).hex()


@sdk.workflow
def areas(count):
    small = sdk.map(measured, radii(count), unit="m2")
    return joined({"large": [measured(10, unit="km2")], "small": small}, ("small", "large"))


@sdk.workflow
def endless():
    return too_long()


@sdk.workflow
def reused():
    return drawn(0), sdk.map(drawn, [1, 2])
