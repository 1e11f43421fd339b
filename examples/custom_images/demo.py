"""The main job from beginning to end: `make demo`.

Starts an engine of its own, publishes three images, runs `workflow.py` on it, shows what happened,
and takes everything apart. The pictures are in `demo-output/`.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import evidence
from consoles import wide_console
from labels import task_labels
from local_engine import EngineTrouble, LocalEngine, find_leftovers, running_engine
from occupancy import read_history
from progress import Moment, follow
from publishing import ROOT, PublishingFailed, publications, publish
from rich.table import Table
from timeline import draw_timeline
from workflow import fit

import orquestra.sdk as sdk  # noqa: PLR0402 - the usual way to write it
from orquestra.sdk.packaging import get_installed_version

CACHE = ROOT / ".cache" / "demo"
OUTPUT = ROOT / "demo-output"
RUN_LIMIT = timedelta(minutes=5)


def main() -> int:
    """Run the demo; returns the exit status."""
    # The logins of the user are left alone, and those of engines of earlier demos are of no use.
    logins = CACHE / "config.json"
    logins.unlink(missing_ok=True)
    os.environ["ORQ_CONFIG_PATH"] = str(logins)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with running_engine(CACHE / "engine") as engine:
            print(f"A Compute Engine is ready on {engine.uri}.", flush=True)
            claims = _demonstrate(engine)
    except (EngineTrouble, PublishingFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        _leftover_claims()
        return 130
    claims += _leftover_claims()
    return 0 if all(claim.holds for claim in claims) else 1


def _demonstrate(engine: LocalEngine) -> list[evidence.Claim]:
    publish(publications(get_installed_version("orquestra-sdk")), record=CACHE / "published.json")
    config = sdk.RuntimeConfig.ce(engine.uri, engine.token("demo"))
    submitted = datetime.now(UTC)
    run = fit().run(config)
    with _stopped_on_interrupt(run):
        moment = follow(run, limit=RUN_LIMIT)
        if moment.run.status.state is not sdk.State.SUCCEEDED:
            return [evidence.Claim(sentence=f"The run failed: {moment.run.message}", holds=False)]
        return _report(run, moment, submitted=submitted)


def _report(run: sdk.WorkflowRun, moment: Moment, *, submitted: datetime) -> list[evidence.Claim]:
    result = run.get_results()
    sightings = evidence.collect(run, moment.pools)
    document = _document(moment, submitted=submitted)
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "nodes.json").write_text(json.dumps(document, indent=2))
    (OUTPUT / "fit.png").write_bytes(result["plot"])
    draw_timeline(document, OUTPUT / "timeline.png")
    _show_table(result["table"], chosen=result["alpha"])
    evidence.show_sightings(sightings)
    print()
    claims = evidence.claims(sightings, read_history(document))
    evidence.show_claims(claims)
    for name in ("fit.png", "timeline.png", "nodes.json"):
        print(f"  {(OUTPUT / name).relative_to(ROOT)}")
    return claims


def _document(moment: Moment, *, submitted: datetime) -> dict[str, Any]:
    """What is written to `nodes.json`: the nodes as the engine tells them, with labels of tasks."""
    labels = task_labels(moment.run.workflow_def)
    pools = [pool.model_dump(mode="json") for pool in moment.pools]
    # As the run unfolded: first the image whose first node was asked for first.
    pools.sort(key=lambda pool: min((n["request_time"] for n in pool["nodes"]), default="~"))
    for task in (task for pool in pools for node in pool["nodes"] for task in node["tasks"]):
        task["label"] = labels[task["invocation_id"]]
    return {
        "run_id": moment.run.id,
        "submitted": submitted.isoformat(),
        "written": datetime.now(UTC).isoformat(),
        "pools": pools,
    }


def _show_table(rows: Sequence[dict[str, Any]], *, chosen: float) -> None:
    table = Table("alpha", "R²", "RMSE", "measurements used", box=None, title_justify="left")
    for row in rows:
        is_chosen = row["alpha"] == chosen
        table.add_row(
            f"{row['alpha']:g}",
            f"{row['r2']:.3f}",
            f"{row['rmse']:.2f} ± {row['spread']:.2f}",
            f"{len(row['used'])} of 10: {' '.join(row['used'])}{'   ← best' if is_chosen else ''}",
            style="bold" if is_chosen else "",
        )
    wide_console().print("", table, "")


def _leftover_claims() -> list[evidence.Claim]:
    leftovers = find_leftovers(CACHE / "engine")
    found = f" Left are: {', '.join(leftovers)}." if leftovers else ""
    claim = evidence.Claim(
        sentence=f"The engine has ended; none of its containers and networks is left.{found}",
        holds=not leftovers,
    )
    evidence.show_claims([claim])
    return [claim]


@contextmanager
def _stopped_on_interrupt(run: sdk.WorkflowRun) -> Iterator[None]:
    try:
        yield
    except BaseException:
        print(f"Stopping the run {run.run_id} and taking its nodes away ...", flush=True)
        run.stop(force=True)
        raise


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
