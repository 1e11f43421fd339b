"""The first task on a cold pool of a custom image that is present, against doing it by hand."""

from collections.abc import Iterator

from benchmarks.clock import timed
from benchmarks.compute_engine.by_hand import seconds_by_hand
from benchmarks.compute_engine.naps import one_nap
from benchmarks.compute_engine.running import BASE, VERSION, compute_engine, custom_image
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row

BY_HAND = "by hand"


def measure(options: Options) -> Iterator[Row]:
    """One row; the first round pulls what is missing and is not counted."""
    ours, by_hand = [], []
    with compute_engine() as engine:
        image = custom_image("cold")
        for _ in range(options.rounds + 1):
            engine.await_standby()
            by_hand.append(
                seconds_by_hand(engine.containers, head_image=f"{BASE}:{VERSION}", node_image=image)
            )
            seconds, _ = timed(lambda: one_nap(image).run(engine.config).get_results(wait=True))
            ours.append(seconds)
    yield Row(
        work="first task in a custom image",
        measurements={OURS: ours[1:], BY_HAND: by_hand[1:]},
        goal=Goal(limit=1.2, against=BY_HAND),
    )
