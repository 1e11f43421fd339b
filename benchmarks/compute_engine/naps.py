"""Workflows of tasks that sleep, in the images they are given."""

from orquestra import sdk


@sdk.task(resources=sdk.Resources(cpu="1"))
def nap(seconds: float, *_: object) -> float:
    """Sleep, after whatever else is an argument."""
    import time

    time.sleep(seconds)
    return seconds


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi", nodes=1))
def one_nap(image: str | None) -> object:
    """A single short task."""
    return _in_image(nap(0), image)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi", nodes=1))
def nap_then(seconds: float, image: str) -> object:
    """A long task in the default image, then a short one in another."""
    return _in_image(nap(0, nap(seconds)), image)


def _in_image(call: sdk.ArtifactFuture[object], image: str | None) -> sdk.ArtifactFuture[object]:
    return call.with_custom_image(image) if image else call
