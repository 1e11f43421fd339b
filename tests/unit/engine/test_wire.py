"""The HTTP API to the letter: what the published client 1.1 sends and reads, and all that is odd.

What a table lists is what the specification of the old platform's API says of it.
"""

import gzip
import io
import re
import tarfile

import httpx
import pytest

from orquestra.sdk.logs import read_logs_of_tasks
from orquestra.sdk.schema.cluster import LogKind, LogLine, LogLines, LogStream
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import finished, invocation_of, started

pytestmark = pytest.mark.anyio

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
UUID = "3f0c1c1e-7c1c-4d0a-9d7e-0a1b2c3d4e5f"
DEFINITIONS, RUNS = "/api/workflow-definitions", "/api/workflow-runs"


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
async def ended_run_id(run_id, head_of, definition):
    head = head_of(run_id)
    for artifact_id in definition.artifact_nodes:
        await head.store(artifact_id, b"[1]")
    await head.tell(1, [started(run_id), finished(run_id)])
    return run_id


# --- What is answered --------------------------------------------------------


async def test_ids_can_stand_in_paths_as_they_are(user, ended_run_id):
    run = (await user.get(f"{RUNS}/{ended_run_id}")).json()["data"]
    artifacts = await user.get(f"/api/artifacts?workflowRunId={ended_run_id}")
    results = await user.get(f"/api/run-results?workflowRunId={ended_run_id}")

    ids = [run["id"], run["definitionId"], *results.json()["data"]]
    ids += [found for listed in artifacts.json()["data"].values() for found in listed]
    assert [identifier for identifier in ids if not re.fullmatch(r"[\w-]+", identifier)] == []
    assert re.fullmatch(r"[\w-]+-\w{5}-r\d{3}", run["id"])


async def test_a_run_that_waits_has_a_state_and_one_entry_for_each_task(user, run_id, definition):
    run = (await user.get(f"{RUNS}/{run_id}")).json()["data"]

    assert run["owner"] == "ada"
    assert run["status"].keys() == {"state", "message"}
    assert run["status"]["state"] == "WAITING"
    assert [task["invocationId"] for task in run["taskRuns"]] == [*definition.task_invocations]
    assert [task["id"] for task in run["taskRuns"]] == [
        f"{run_id}@{invocation}" for invocation in definition.task_invocations
    ]


async def test_times_are_in_utc_and_left_out_where_there_are_none(user, ended_run_id):
    run = (await user.get(f"{RUNS}/{ended_run_id}")).json()["data"]
    (listed,) = (await user.get(RUNS)).json()["data"]
    definition = (await user.get(f"{DEFINITIONS}/{run['definitionId']}")).json()["data"]

    times = [
        *(run["status"][name] for name in ("startTime", "endTime")),
        *(listed["status"][name] for name in ("startTime", "endTime")),
        listed["createTime"],
        definition["created"],
    ]
    assert [time for time in times if not re.fullmatch(TIME, time)] == []
    assert "startTime" not in run["taskRuns"][0]["status"]


async def test_an_item_of_the_list_has_all_that_is_read_of_it(user, run_id):
    (listed,) = (await user.get(RUNS)).json()["data"]

    assert {name: type(value) for name, value in listed.items()} == {
        "id": str,
        "definitionId": str,
        "status": dict,
        "createTime": str,
        "owner": str,
        "totalTasks": int,
        "completedTasks": int,
        "dryRun": bool,
    }


async def test_a_definition_has_all_that_is_read_of_it(user, run_id):
    (listed,) = (await user.get(DEFINITIONS)).json()["data"]
    found = (await user.get(f"{DEFINITIONS}/{listed['id']}")).json()

    assert found == {"data": listed}
    assert {name: type(value) for name, value in listed.items()} == {
        "id": str,
        "created": str,
        "owner": str,
        "workflow": dict,
        "workspaceId": str,
        "project": str,
        "sdkVersion": str,
    }
    assert (listed["workspaceId"], listed["project"]) == ("ada", "default")


@pytest.mark.parametrize("force", ["", "?force=True", "?force=False"])
async def test_a_run_that_is_over_can_be_ended_again(user, ended_run_id, force):
    answer = await user.post(f"{RUNS}/{ended_run_id}/terminate{force}")

    assert (answer.status_code, answer.content) == (204, b"")
    run = (await user.get(f"{RUNS}/{ended_run_id}")).json()["data"]
    assert run["status"]["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("force", "state"), [("", "TERMINATED"), ("?force=True", "KILLED"), ("?force=1", "KILLED")]
)
async def test_a_run_is_ended_gently_or_by_force(user, run_id, force, state):
    await user.post(f"{RUNS}/{run_id}/terminate{force}")

    run = (await user.get(f"{RUNS}/{run_id}")).json()["data"]
    assert run["status"]["state"] == state


@pytest.mark.parametrize(
    ("state", "count"), [(State.SUCCEEDED, 1), (State.FAILED, 0), (None, 0)], ids=str
)
async def test_a_run_has_one_result_once_it_has_succeeded(user, run_id, head_of, state, count):
    if state:
        await head_of(run_id).tell(1, [started(run_id), finished(run_id, state)])

    results = await user.get(f"/api/run-results?workflowRunId={run_id}")

    assert len(results.json()["data"]) == count


async def test_artifacts_are_listed_by_task_run(user, ended_run_id, definition):
    listed = (await user.get(f"/api/artifacts?workflowRunId={ended_run_id}")).json()["data"]

    assert listed.keys() == {f"{ended_run_id}@{name}" for name in definition.task_invocations}
    assert {len(found) for found in listed.values()} == {1}


LOGS = (
    "workflow-run-logs?workflowRunId={run}",
    "workflow-run-logs/system?workflowRunId={run}",
    "task-run-logs?workflowRunId={run}&taskInvocationId={invocation}",
    "workflow-run-logs/tasks?workflowRunId={run}",
)


@pytest.mark.parametrize("path", LOGS)
async def test_without_logs_there_is_an_empty_archive(user, run_id, definition, path):
    invocation = invocation_of(definition, "load")

    answer = await user.get(f"/api/{path.format(run=run_id, invocation=invocation)}")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in answer.headers
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(answer.content))) as archive:
        (member,) = archive.getmembers()
    assert (member.name, member.size, member.isreg()) == ("step-logs", 0, True)


async def test_logs_of_all_tasks_come_together(user, services, run_id, definition):
    names = [invocation_of(definition, name) for name in ("load", "solve")]
    for name in names:
        line = LogLine(at=1, text=f"from {name}")
        services.logs.append(
            LogLines(
                run_id=run_id,
                kind=LogKind.TASK,
                invocation_id=name,
                stream=LogStream.OUT,
                lines=[line],
            )
        )

    answer = await user.get(f"/api/{LOGS[3].format(run=run_id)}")

    found = read_logs_of_tasks(answer.content, run_id=run_id)
    assert {name: output.out for name, output in found.items()} == {
        name: [f"from {name}"] for name in names
    }


async def test_logs_of_a_task_that_is_none_are_not_found(user, run_id):
    answer = await user.get(f"/api/{LOGS[2].format(run=run_id, invocation='invocation-9')}")

    assert answer.status_code == 404
    assert "no task invocation 'invocation-9'" in answer.json()["detail"]


async def test_a_newer_sdk_is_refused_in_words_that_the_published_client_can_read(user, definition):
    """Its own expression for versions is stricter than Python's: see `3.0.0a1`."""
    version = r"\d+\.\d+\.\d+(?:[-.][0-9A-Za-z-.]+)?(?:\+[0-9A-Za-z-.]+)?"
    document = definition.model_dump(mode="json")
    document["metadata"]["sdk_version"] |= {"original": "2.9.0a1", "major": 2, "minor": 9}
    stored = await user.post(DEFINITIONS, json=document)

    answer = await user.post(RUNS, json={"workflowDefinitionID": stored.json()["data"]["id"]})

    assert (answer.status_code, answer.json()["code"]) == (400, 4)
    words = rf"Unsupported SDK version: {version}\. Supported SDK versions: \[({version},?)+\]"
    assert re.match(words, answer.json()["detail"])


# --- Pages -------------------------------------------------------------------


@pytest.mark.parametrize("path", [DEFINITIONS, RUNS])
async def test_a_page_has_as_many_as_were_asked_for(user, submit, path):
    for _ in range(3):
        await submit()

    for query, given, has_next in (
        ("", 3, False),
        ("?pageSize=0", 0, False),
        ("?pageSize=2", 2, True),
        ("?pageSize=3", 3, True),
        ("?pageSize=101", 3, False),
    ):
        page = (await user.get(f"{path}{query}")).json()

        assert (query, len(page["data"])) == (query, given)
        assert bool(page["meta"]["nextPageToken"]) == has_next


async def test_a_page_never_has_more_than_a_hundred(user, services, submit, monkeypatch):
    monkeypatch.setattr("orquestra.engine.http.paging.MAX_PAGE_SIZE", 2)
    for _ in range(3):
        await submit()

    page = (await user.get(RUNS, params={"pageSize": 1000})).json()

    assert len(page["data"]) == 2
    assert page["meta"]["nextPageToken"]


@pytest.mark.parametrize("path", [DEFINITIONS, RUNS])
async def test_sizes_and_tokens_that_are_none_are_refused(user, path):
    sizes = ["-1", "many", "1.5", "9" * 5000, "0x10", "\x00", "²"]
    tokens = ["x", ",", "0000-00-00T00:00:00.0Z,x", "\x00", "\ufffd,💥"]

    for size in sizes:
        answer = await user.get(path, params={"pageSize": size})
        assert (size, answer.status_code) == (size, 400)
        assert "query.pageSize" in answer.json()["detail"]
    for token in tokens:
        answer = await user.get(path, params={"pageToken": token})
        assert (token, answer.status_code) == (token, 400)
        assert "leave it out" in answer.json()["detail"]


async def test_a_token_may_name_what_is_gone(user, submit):
    await submit()

    page = await user.get(RUNS, params={"pageToken": f"9999-12-31T23:59:59.999999Z,{UUID}"})

    assert len(page.json()["data"]) == 1


ODD_FILTERS = [
    ("workflowDefinitionID", "no UUID", 200),
    ("workflowDefinitionID", "\x00", 200),
    ("projectId", "💥", 200),
    ("workspaceId", "other", 403),
    ("workspaceId", "", 200),
    ("maxAge", "1.5", 400),
    ("maxAge", "-1", 400),
    ("maxAge", "0", 200),
    ("state", "", 200),
    ("state", "RUNNING,", 400),
    ("state", "running", 400),
    ("state", "ERROR,UNKNOWN", 200),
    ("unknown", "ignored", 200),
]


async def test_filters_are_read_or_refused(user):
    assert [
        (name, value, (await user.get(RUNS, params={name: value})).status_code)
        for name, value, _ in ODD_FILTERS
    ] == ODD_FILTERS


# --- Workspaces and projects -------------------------------------------------


PLACES = [
    ("", 201),
    ("?workspaceId=ada&projectId=default", 201),
    ("?workspaceId=ada", 201),
    ("?projectId=default", 201),
    ("?workspaceId=&projectId=", 201),
    ("?workspaceId=eve&projectId=default", 403),
    ("?workspaceId=nowhere&projectId=default", 403),
    ("?workspaceId=ada&projectId=nothing", 403),
    ("?projectId=nothing", 403),
]


async def test_a_definition_is_put_where_its_user_may_put_it(user, definition):
    sent = definition.model_dump_json()

    assert [
        (query, (await user.post(f"{DEFINITIONS}{query}", content=sent)).status_code)
        for query, _ in PLACES
    ] == PLACES
    listed = (await user.get(DEFINITIONS)).json()["data"]
    assert [(each["workspaceId"], each["project"]) for each in listed] == [("ada", "default")] * 5


async def test_a_local_engine_ignores_workspaces_and_projects(
    services, user, definition, monkeypatch
):
    settings = services.settings.model_copy(update={"local": True})
    monkeypatch.setitem(services.__dict__, "settings", settings)
    there = {"workspaceId": "ws-a", "projectId": "proj-a"}

    stored = await user.post(DEFINITIONS, content=definition.model_dump_json(), params=there)

    found = (await user.get(f"{DEFINITIONS}/{stored.json()['data']['id']}")).json()["data"]
    assert (found["workspaceId"], found["project"]) == ("ada", "default")
    assert (await user.get(RUNS, params=there)).status_code == 200


# --- What is around it -------------------------------------------------------


async def test_nothing_is_compressed_on_the_way(user, ended_run_id):
    paths = [RUNS, f"{RUNS}/{ended_run_id}", "/openapi.json", "/healthz"]
    answers = [await user.get(path, headers={"Accept-Encoding": "gzip"}) for path in paths]

    assert [answer.headers.get("Content-Encoding") for answer in answers] == [None] * len(paths)


async def test_a_request_is_read_whatever_it_says_of_itself(user, definition):
    sent = definition.model_dump_json()

    for headers in (
        {"Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Accept": "text/html"},
    ):
        stored = await user.post(DEFINITIONS, content=sent, headers=headers)
        listed = await user.get(RUNS, headers=headers)
        assert (stored.status_code, listed.status_code) == (201, 200)


async def test_a_path_in_the_address_is_none_of_ours(user):
    answer = await user.request("GET", httpx.URL("http://engine/prefix/api/workflow-runs"))

    assert answer.status_code == 404
