"""How long an engine takes to accept a large definition: the graph is checked, and stored."""

from collections.abc import Iterator
from functools import partial

import httpx

from benchmarks.clock import timed
from benchmarks.engines import engine_folder, started
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from benchmarks.tracing import trace
from benchmarks.works import fan_out


def measure(options: Options) -> Iterator[Row]:
    """One row: from the first byte sent to the id."""
    count = 1_000 if options.quick else 10_000
    document = trace(partial(fan_out, count)).model.model_dump_json().encode()
    with engine_folder() as engine, started(engine) as client:
        seconds = [timed(lambda: _post(client, document))[0] for _ in range(options.rounds + 1)]
    yield Row(
        work=f"definition of {count:,} calls accepted",
        measurements={OURS: seconds[1:]},
        goal=Goal(limit=0.5),
        details={"bytes": len(document)},
    )


def _post(client: httpx.Client, document: bytes) -> None:
    client.post("/api/workflow-definitions", content=document).raise_for_status()
