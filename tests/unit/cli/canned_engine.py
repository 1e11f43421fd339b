"""A Compute Engine's wire, canned: what a real HTTP server answers to the commands."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from orquestra import sdk
from orquestra.engine.logs.archives import archive
from orquestra.sdk.schema import ir

START, END = "2025-02-24T08:26:07Z", "2025-02-24T08:26:09Z"
RUN_ID = "fit-aB3xZ-r000"


@sdk.task
def generate_data():
    return 1


@sdk.task(custom_image="registry.example/lab:1")
def train_model(data, alpha):
    return data * alpha


@sdk.workflow
def fit():
    return train_model(generate_data(), 0.5)


def token(*, expires_in: float = 3600) -> str:
    """A JWT with a signature that nobody checks."""

    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    claims = {"sub": "ada", "exp": int(time.time() + expires_in)}
    return f"{part({'alg': 'HS256'})}.{part(claims)}.c2ln"


@dataclass(kw_only=True)
class CannedEngine:
    """What the server answers and where it leads, by path; and what it was asked and sent."""

    uri: str
    answers: dict[str, Any] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def answer(self, path: str, data: Any) -> None:
        self.answer_bare(path, {"data": data})

    def answer_bare(self, path: str, document: Any) -> None:
        self.answers[path] = (200, json.dumps(document).encode())

    def answer_logs(self, path: str, *events: tuple[float, dict[str, str]]) -> None:
        with archive(events) as packed:
            self.answers[path] = (200, packed.read())

    def answer_places(self, **projects: list[str]) -> None:
        """Have workspaces, by their ids, with projects."""
        catalog = "/api/catalog/workspaces"
        self.answer_bare(catalog, [{"id": w, "displayName": f"The {w}"} for w in projects])
        for workspace, ids in projects.items():
            self.answer_bare(
                f"{catalog}/zri:v1::0:system:resource_group:{workspace}/projects",
                [{"id": p, "displayName": p.title(), "resourceGroupId": workspace} for p in ids],
            )

    def answer_run(self, **status: Any) -> ir.WorkflowDef:
        """Have one run of the workflow above."""
        definition = fit().model
        train, generate = definition.task_invocations
        self.answer(
            "/api/workflow-definitions/def-1",
            {
                "id": "def-1",
                "created": START,
                "owner": "ada",
                "workflow": definition.model_dump(mode="json"),
                "workspaceId": "w",
                "project": "p",
                "sdkVersion": "2.0.0a1",
            },
        )
        self.answer(
            f"/api/workflow-runs/{RUN_ID}",
            {
                "id": RUN_ID,
                "definitionId": "def-1",
                "owner": "ada",
                "status": {"state": "RUNNING", "startTime": START, **status},
                "taskRuns": [
                    _task_run(generate, state="SUCCEEDED", startTime=START, endTime=END),
                    _task_run(train, state="FAILED", startTime=END, message="out of memory"),
                ],
                "warnings": ["the ENTRYPOINT of the image is ignored"],
            },
        )
        return definition


def _task_run(invocation_id: str, **status: Any) -> dict[str, Any]:
    return {"id": f"{RUN_ID}@{invocation_id}", "invocationId": invocation_id, "status": status}
