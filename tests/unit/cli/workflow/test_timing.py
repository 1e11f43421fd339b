"""`orq wf timing`, against the wire of a Compute Engine."""

import pytest

from orquestra.sdk.schema import api
from tests.unit.cli.canned_engine import RUN_ID

LAB = "registry.example/lab:1"


def attempt(function, number=1, *, image=LAB, state="SUCCEEDED", **durations):
    return api.AttemptTiming(
        invocation_id=f"invocation-{number}-task-{function}",
        function_name=function,
        attempt=number,
        image=image,
        state=state,
        durations=api.Durations(**durations),
    )


@pytest.fixture
def timed(logged_in, engine):
    engine.answer_run()
    durations = api.Durations(queued=0.5, pulling=75, booting=2.5, running=3)
    timing = api.RunTiming(
        attempts=[
            attempt("generate_data", image="base", running=0.004),
            attempt("train_model", 1, state="FAILED", pulling=75, booting=2.5, running=1),
            attempt("train_model", 2, queued=0.5, running=2),
        ],
        images=[api.ImageTiming(image=LAB, attempts=2, nodes=1, cold=77.5, durations=durations)],
        advice=["Pulling took 75 s: make the image smaller."],
    )
    engine.answer("/api/workflow-run-timing", timing.model_dump(mode="json", by_alias=True))
    return logged_in


def test_the_times_of_attempts_are_summed_by_task(timed, engine):
    document = timed.json("wf", "timing", RUN_ID)

    assert f"GET /api/workflow-run-timing?workflowRunId={RUN_ID}" in engine.calls
    generate, train = document["tasks"]
    assert (generate["function"], generate["image"], generate["attempts"]) == (
        "generate_data",
        "base",
        1,
    )
    assert train["attempts"] == 2
    assert train["durations"] == {
        "queued": 0.5,
        "pulling": 75,
        "booting": 2.5,
        "environment": 0,
        "running": 3,
    }
    assert len(document["attempts"]) == 3
    assert document["advice"] == ["Pulling took 75 s: make the image smaller."]


def test_the_tables_show_tasks_images_and_advice(timed):
    shown = timed("wf", "timing", RUN_ID).stdout

    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert "generate_data 1 4 ms base" in rows
    assert f"train_model 2 500 ms 1 min 15 s 2.5 s 3.0 s {LAB}" in rows
    assert f"{LAB} 2 1 1 min 18 s 500 ms 1 min 15 s 2.5 s 3.0 s" in rows
    assert rows[-1] == "advice: Pulling took 75 s: make the image smaller."


def test_an_engine_that_keeps_no_times_is_told(logged_in, engine):
    engine.answer_run()

    result = logged_in("wf", "timing", RUN_ID)

    assert result.exit_code == 1
    assert "is too old: it keeps no times" in result.stderr
