"""Requests made up from the OpenAPI document: none is a fault, all are answered as it says."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.python.asgi import ASGIClient, shutdown_lifespans

from orquestra import sdk
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.engine.process.apps import cluster_app, public_app
from orquestra.engine.testing import memory_engine
from tests.unit.engine.conftest import Head, client_of, finished, started

NAMED_AS_STORED = 4
"""Of so many names of things, one is made up; the others are of what the engine has."""

BEYOND_SCHEMAS = (negative_data_rejection, positive_data_acceptance)
"""What is right depends on more than a schema says, and unknown parameters are ignored."""


@sdk.task
def load():
    return [1]


@sdk.workflow
def loading():
    return load()


class Engine:
    """An ASGI app: an engine in memory, with a run that is over. It lives as long as its server."""

    def __init__(self) -> None:
        self.folder = Path()
        self.token = ""
        self.stored = {}

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _live(self, receive, send):
        catalogue = MemoryCatalogue()
        async with memory_engine(self.folder, catalogue=catalogue) as services:
            base = services.default_images.own_image()
            catalogue.put(str(base), orquestra_image(content="base"))
            self._app = public_app(services)
            self.token = services.tokens.issue("ada")
            await self._have_a_run(services)
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _have_a_run(self, services):
        async with client_of(self._app) as user, client_of(cluster_app(services)) as internal:
            user.headers["Authorization"] = f"Bearer {self.token}"
            stored = await user.post(
                "/api/workflow-definitions", content=loading().model.model_dump_json()
            )
            definition_id = stored.json()["data"]["id"]
            created = await user.post(
                "/api/workflow-runs", json={"workflowDefinitionID": definition_id}
            )
            run_id = created.json()["data"]["id"]
            head = Head(
                client=internal,
                cluster_id=run_id,
                run_id=run_id,
                token=services.tokens.of_cluster(run_id),
                exchange=services.folder.exchange(run_id),
            )
            for artifact_id in loading().model.artifact_nodes:
                await head.store(artifact_id, b"[1]")
            await head.tell(1, [started(run_id), finished(run_id)])
            secret = {"data": {"name": "a-secret", "value": "password"}}
            await user.post("/api/config/secrets", json=secret)
            artifacts = await user.get(f"/api/artifacts?workflowRunId={run_id}")
            results = await user.get(f"/api/run-results?workflowRunId={run_id}")
            self.stored = {
                "definition_id": definition_id,
                "run_id": run_id,
                "workflowRunId": run_id,
                "artifact_id": next(iter(artifacts.json()["data"].values()))[0],
                "result_id": results.json()["data"][0],
                "nameOrZRI": "a-secret",
                "resource_name": "zri:v1::0:system:resource_group:ada",
            }


ENGINE = Engine()
schema = schemathesis.openapi.from_dict(public_app(None).openapi())
schema.app = ENGINE


@schema.hook
def flatmap_path_parameters(context, values):
    return _stored_mostly(values)


@schema.hook
def flatmap_query(context, values):
    return _stored_mostly(values)


def _stored_mostly(values):
    named = {name: ENGINE.stored[name] for name in (values or {}) if name in ENGINE.stored}
    if not named:
        return st.just(values)
    return st.sampled_from([*[values | named] * (NAMED_AS_STORED - 1), values])


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    ENGINE.folder = tmp_path_factory.mktemp("engine")
    yield
    shutdown_lifespans()


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_request_is_answered_as_documented(case):
    with ASGIClient(ENGINE):  # so that there is what it has stored
        headers = {"Authorization": f"Bearer {ENGINE.token}"}
        case.call_and_validate(headers=headers, excluded_checks=BEYOND_SCHEMAS)
