"""What the published client 1.1 sends and accepts, by its own examples: we take and give the same.

Answers may have more than the examples: that client ignores fields it does not know.
"""

import base64
import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from orquestra.engine.images.testing import orquestra_image
from orquestra.sdk.schema.cluster import LogKind, LogLine, LogLines, LogStream, ValueFormat
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT, began, ended, finished, started

pytestmark = pytest.mark.anyio

EXAMPLES = Path(__file__).parents[2] / "data" / "http-examples"
INVOCATION, ARTIFACT = "invocation-0-task-add", "artifact-0-add"


def request(name):
    return json.loads((EXAMPLES / f"{name}.request.json").read_text())


def response(name):
    return json.loads((EXAMPLES / f"{name}.response.json").read_text())


def records(name):
    """The messages of a log archive, by what of them tells their kind."""
    lines = (EXAMPLES / f"{name}.ndjson").read_text().splitlines()
    return [message for line in lines for _, message in json.loads(line)]


def lacking(example, answer, *, at="answer"):
    """What the example has and the answer lacks, or has of another type."""
    if type(example) is not type(answer):
        return [f"{at}: {type(answer).__name__} instead of {type(example).__name__}"]
    if isinstance(example, dict):
        missing = [f"{at}.{key}: missing" for key in example.keys() - answer.keys()]
        known = [key for key in example if key in answer]
        return missing + [
            problem
            for key in known
            for problem in lacking(example[key], answer[key], at=f"{at}.{key}")
        ]
    if isinstance(example, list) and example:
        if not answer:
            return [f"{at}: empty"]
        return lacking(example[0], answer[0], at=f"{at}[0]")
    return []


@dataclass(frozen=True, kw_only=True)
class Story:
    """What became of the examples of requests."""

    user: httpx.AsyncClient
    definition_id: str
    run_id: str

    async def get(self, path):
        answer = await self.user.get(f"/api/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def records(self, path):
        """The messages of a log archive."""
        archive = (await self.user.get(f"/api/{path}")).content
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as tar:
            lines = tar.extractfile("step-logs").read().decode().splitlines()
        return [message for line in lines for _, message in json.loads(line)]


@pytest.fixture
async def story(user, catalogue):
    for image in ("head", "worker"):
        catalogue.put(f"registry.example.com/base/{image}:1", orquestra_image(content=image))
    stored = await user.post("/api/workflow-definitions", json=request("create-definition"))
    assert (stored.status_code, lacking(response("create-definition"), stored.json())) == (201, [])
    definition_id = stored.json()["data"]["id"]

    wanted = request("create-run") | {"workflowDefinitionID": definition_id}
    created = await user.post("/api/workflow-runs", json=wanted)
    assert created.status_code == 201, created.text
    assert lacking(response("create-run"), created.json()) == []
    return Story(user=user, definition_id=definition_id, run_id=created.json()["data"]["id"])


@pytest.fixture
async def ended_story(story, head_of):
    head = head_of(story.run_id)
    await head.store(ARTIFACT, b"42")
    await head.tell(
        1,
        [
            started(story.run_id),
            began(story.run_id, INVOCATION),
            ended(story.run_id, INVOCATION, State.SUCCEEDED),
            finished(story.run_id),
        ],
    )
    return story


async def test_a_definition_comes_back(story):
    found = await story.get(f"workflow-definitions/{story.definition_id}")

    assert lacking(response("get-definition"), found) == []
    assert found["data"]["workflow"] == request("create-definition")
    listed = await story.get("workflow-definitions")
    assert lacking(response("list-definitions"), listed) == []


async def test_a_run_that_waits(story):
    found = await story.get(f"workflow-runs/{story.run_id}")

    assert lacking(response("get-run-waiting"), found) == []
    assert found["data"]["taskRuns"][0]["id"] == f"{story.run_id}@{INVOCATION}"


async def test_a_run_that_is_over(ended_story):
    found = await ended_story.get(f"workflow-runs/{ended_story.run_id}")

    assert lacking(response("get-run"), found) == []
    listed = await ended_story.get("workflow-runs?pageSize=1")
    assert lacking(response("list-runs"), listed) == []


async def test_its_values(ended_story):
    run_id = ended_story.run_id

    artifacts = (await ended_story.get(f"artifacts?workflowRunId={run_id}"))["data"]
    assert artifacts.keys() == {f"{run_id}@{INVOCATION}"}
    ((artifact_id,),) = artifacts.values()
    assert await ended_story.get(f"artifacts/{artifact_id}") == response("get-artifact-json")

    results = await ended_story.get(f"run-results?workflowRunId={run_id}")
    assert lacking(response("list-results"), results) == []
    result = await ended_story.get(f"run-results/{results['data'][0]}")
    example = response("get-result")
    assert result == example | {"results": example["results"][:1]}


async def test_a_pickle(story, head_of):
    example = response("get-artifact-pickle")
    content = base64.b64decode("".join(example["chunks"]))
    await head_of(story.run_id).store(ARTIFACT, content, form=ValueFormat.ENCODED_PICKLE)

    artifacts = await story.get(f"artifacts?workflowRunId={story.run_id}")

    (artifact_id,) = artifacts["data"][f"{story.run_id}@{INVOCATION}"]
    assert await story.get(f"artifacts/{artifact_id}") == example


async def test_logs(story, services):
    def line(kind, stream=LogStream.OUT, **more):
        lines = [LogLine(at=AT.timestamp(), text="something else")]
        services.logs.append(
            LogLines(run_id=story.run_id, kind=kind, stream=stream, lines=lines, **more)
        )

    line(LogKind.TASK, invocation_id=INVOCATION)
    line(LogKind.TASK, LogStream.ERR, invocation_id=INVOCATION)
    line(LogKind.ENV_SETUP)
    line(LogKind.OTHER)
    line(LogKind.SYSTEM)

    query = f"workflowRunId={story.run_id}"
    of_task = await story.records(f"task-run-logs?{query}&taskInvocationId={INVOCATION}")
    for example, record in zip(records("task-logs"), of_task, strict=True):
        assert record.keys() == example.keys()
        assert (
            record["log_filename"].rpartition("/")[2]
            == (example["log_filename"].rpartition("/")[2])
        )
        assert record["tag"] == f"workflow.logs.{story.run_id}.{INVOCATION}"
    of_run = await story.records(f"workflow-run-logs?{query}")
    assert lacking(records("workflow-logs")[0], of_run[0]) == []
    assert [path.split("/")[-1].split("-")[0] for path in _files(of_run)] == [
        path.split("/")[-1].split("-")[0] for path in _files(records("workflow-logs"))[:2]
    ]
    known = {record["source_type"] for record in records("system-logs")}
    of_system = await story.records(f"workflow-run-logs/system?{query}")
    assert {record["source_type"] for record in of_system} <= known
    assert lacking(records("system-logs")[-1], of_system[-1]) == []


def _files(of):
    return [record["ray_filename"] for record in of]


async def test_errors(user):
    refused = await user.post("/api/workflow-definitions", content=b"{")
    assert (refused.status_code, lacking(response("error-bad-definition"), refused.json())) == (
        400,
        [],
    )
    assert refused.json()["code"] == response("error-bad-definition")["code"]

    document = request("create-definition")
    document["metadata"]["sdk_version"] = {
        "original": "2.99.0",
        "major": 2,
        "minor": 99,
        "patch": 0,
        "is_prerelease": False,
    }
    stored = await user.post("/api/workflow-definitions", json=document)
    wanted = request("create-run") | {"workflowDefinitionID": stored.json()["data"]["id"]}
    refused = await user.post("/api/workflow-runs", json=wanted)
    assert (refused.status_code, lacking(response("error-sdk-version"), refused.json())) == (
        400,
        [],
    )
    assert refused.json()["code"] == response("error-sdk-version")["code"]


async def test_workspaces_and_projects(user):
    workspaces = (await user.get("/api/catalog/workspaces")).json()
    resource_name = f"zri:v1::0:system:resource_group:{workspaces[0]['id']}"
    projects = (await user.get(f"/api/catalog/workspaces/{resource_name}/projects")).json()

    assert lacking(response("list-workspaces"), workspaces) == []
    assert lacking(response("list-projects"), projects) == []


async def test_secrets(user):
    created = request("secret-create")
    created["data"]["resourceGroup"] = "ada"
    answer = await user.post("/api/config/secrets", json=created)
    assert (answer.status_code, answer.json()) == (201, response("secret-create"))
    assert (await user.post("/api/config/secrets", json=created)).status_code == 400

    path = "/api/config/secrets/zri:v1::0:ada:secret:db-password"
    assert lacking(response("secret-get"), (await user.get(path)).json()) == []
    updated = await user.post(path, json=request("secret-update"))
    assert (updated.status_code, updated.json()) == (200, response("secret-update"))
    listed = (await user.get("/api/config/secrets?workspace=ada")).json()
    assert listed["data"] == response("secret-list")["data"][:1]
    assert [(await user.delete(path)).status_code for _ in range(2)] == [204, 404]
