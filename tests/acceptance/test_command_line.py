"""The story of a user at the command line, from submission to results."""

import json

import pytest

from tests.running_engine import wait_for

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]

PROGRAM = """
import orquestra.sdk as sdk

@sdk.task
def halves(number):
    print("halving", number)
    return number // 2, number - number // 2

@sdk.task
def product(a, b=1):
    return {"product": a * b, "kind": (1, 2)}

@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def halving():
    a, b = halves(7)
    return product(a, b=b), b, "a constant"
"""


def test_submit_view_results_logs_nodes(engine, containers, tmp_path):
    (tmp_path / "flow.py").write_text(PROGRAM)
    orq = engine.orq

    submitted = json.loads(orq("wf", "submit", "flow.py", "-c", "127", "--json", cwd=tmp_path))
    run_id = submitted["run_id"]

    def view() -> dict:
        return json.loads(orq("wf", "view", run_id, "-c", "127", "--json"))

    wait_for(lambda: view()["state"] in ("SUCCEEDED", "FAILED"), within=120, what=view)
    assert view()["state"] == "SUCCEEDED", view()

    results = json.loads(orq("wf", "results", run_id, "-c", "127", "--json"))
    product = {"product": 12, "kind": {"__tuple__": True, "__values__": [1, 2]}}
    assert [result["value"] for result in results["results"]] == [product, 4, "a constant"]
    assert results["results"][0]["text"] == "{'product': 12, 'kind': (1, 2)}"
    listed = json.loads(orq("wf", "list", "-c", "127", "--json"))
    assert run_id in [run["run_id"] for run in listed["runs"]]
    assert "stdout   halving 7\n" in orq("wf", "logs", run_id, "-c", "127", "--task")
    assert "launched" in orq("wf", "logs", run_id, "-c", "127", "--system")

    [pool] = json.loads(orq("wf", "nodes", run_id, "-c", "127", "--json"))["pools"]
    [node] = pool["nodes"]
    assert "/orquestra-sdk-base:" in pool["image"]
    assert [(task["function"], task["state"]) for task in node["tasks"]] == [
        ("halves", "SUCCEEDED"),
        ("product", "SUCCEEDED"),
    ]
    assert f"Workflow run {run_id} has 3 outputs." in orq("wf", "results", run_id, "-c", "127")
    assert run_id in orq("wf", "view", run_id, "-c", "127")
    assert node["id"] in orq("wf", "nodes", run_id, "-c", "127")
    wait_for(lambda: containers.nothing_left(run_id), within=60)


def test_a_run_that_does_not_exist_is_said_so(engine):
    said = engine.orq("wf", "view", "nothing-Ab1Cd-r000", "-c", "127", expect=255)

    assert "nothing-Ab1Cd-r000" in said
    assert "Traceback" not in said
