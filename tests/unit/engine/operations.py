"""Every operation of an app, as a request that a test can send: made from its OpenAPI document.

What parameters mean is written down here. One that is not makes the tests fail, so whoever adds
an endpoint has to say whether it names something that belongs to somebody.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

THINGS = {
    "definition_id",
    "run_id",
    "workflowRunId",
    "artifact_id",
    "result_id",
    "nameOrZRI",
    "resource_name",
    "workspaceId",
    "workspace",
    "cluster_id",
}
"""Parameters that name what belongs to somebody; the value of each is the story's."""

HARMLESS = {
    "port": "8000",
    "taskInvocationId": "invocation-0",
    "node_id": "n-1",
    "projectId": "default",
    "workflowDefinitionID": "3f0c1c1e-7c1c-4d0a-9d7e-0a1b2c3d4e5f",
    "pageSize": "100",
    "pageToken": "",
    "maxAge": "1000000",
    "state": "WAITING,SUCCEEDED",
    "tasks": "true",
    "force": "false",
    "after": "-1",
    "config": "elsewhere",
    "kind": "task",
    "lastEventId": "",
    "Last-Event-ID": "",
}
"""Parameters that name nothing of anybody, or only within a thing, with a value that is right."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A request of some operation; `things` are the parameters of it that name something."""

    name: str
    method: str
    template: str
    query: tuple[str, ...] = ()
    is_public: bool = False
    has_body: bool = False
    in_path: tuple[str, ...] = field(default=())

    @property
    def things(self) -> set[str]:
        return {*self.in_path, *self.query} & THINGS

    def __str__(self) -> str:
        asked = f"?{'&'.join(self.query)}" if self.query else ""
        return f"{self.method} {self.template}{asked}"

    async def send(
        self,
        client: httpx.AsyncClient,
        values: Mapping[str, str],
        *,
        bodies: Mapping[str, Any],
        token: str | None,
    ) -> httpx.Response:
        """The request with these values of `THINGS`, and the body that its operation has here."""
        known = HARMLESS | values
        path = re.sub(r"{(\w+)}", lambda match: known[match[1]], self.template)
        content = json.dumps(bodies[self.name]) if self.has_body else None
        return await client.request(
            self.method,
            path,
            params={name: known[name] for name in self.query},
            content=content,
            headers={"Authorization": token} if token is not None else {},
        )


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """All requests there are to try: reading ones first, those that take something away last."""
    found = [
        operation
        for template, by_method in document["paths"].items()
        for method, described in by_method.items()
        for operation in _of(template, method.upper(), described)
    ]
    return sorted(found, key=lambda each: ("GET", "POST", "DELETE").index(each.method))


def unknown_parameters(document: Mapping[str, Any]) -> set[str]:
    """Parameters of which nobody has said what they mean."""
    named = {
        name
        for operation in operations(document)
        for name in (*operation.in_path, *operation.query)
    }
    return named - THINGS - HARMLESS.keys()


def _of(template: str, method: str, described: Mapping[str, Any]) -> Iterator[Operation]:
    """An operation with all that it must have; and again with each thing that it can have."""
    parameters = [each for each in described.get("parameters", []) if each["in"] == "query"]
    required = tuple(each["name"] for each in parameters if each["required"])
    optional = [each["name"] for each in parameters if not each["required"]]

    def asking(*query: str) -> Operation:
        return Operation(
            name=described["operationId"],
            method=method,
            template=template,
            query=query,
            in_path=tuple(re.findall(r"{(\w+)}", template)),
            is_public=not described.get("security"),
            has_body="requestBody" in described,
        )

    yield asking(*required)
    for name in optional:
        if name in THINGS or name not in HARMLESS:
            yield asking(*required, name)
