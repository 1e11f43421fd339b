"""An engine in memory, its user, and a head that a test plays itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from orquestra import sdk
from orquestra.engine.app import cluster_app, public_app
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.engine.provisioning.testing import MemoryProvisioner
from orquestra.engine.reconciling.loop import Reconciler
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    FORMAT_HEADER,
    Event,
    EventBatch,
    NodeRequest,
    RunPlan,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@sdk.task
def load():
    return [1, 2, 3]


@sdk.task(custom_image="registry.example.com/solver:1")
def solve(data):
    return sum(data), len(data)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi", nodes=2))
def solving():
    total, _ = solve(load())
    return total, "constant"


@pytest.fixture
def definition() -> ir.WorkflowDef:
    return solving().model


@pytest.fixture
def catalogue():
    catalogue = MemoryCatalogue()
    catalogue.put("registry.example.com/solver:1", orquestra_image(content="solver"))
    base = "127.0.0.1:5000/orquestra/orquestra-sdk-base:2.0.0a1-py3.11"
    catalogue.put(base, orquestra_image(content="base"))
    return catalogue


@pytest.fixture
def provisioner():
    return MemoryProvisioner()


@pytest.fixture
async def services(tmp_path, catalogue, provisioner):
    async with memory_engine(tmp_path, catalogue=catalogue, provisioner=provisioner) as services:
        yield services


@pytest.fixture
def reconciler(services):
    return Reconciler(services)


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a run cluster, played by a test."""

    client: httpx.AsyncClient
    run_id: str
    token: str

    async def call(self, method: str, path: str, **options) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        url = f"/internal/runs/{self.run_id}/{path}"
        return await self.client.request(method, url, headers=headers, **options)

    async def plan(self) -> RunPlan:
        return RunPlan.model_validate_json((await self.call("GET", "plan")).content)

    async def tell(self, number: int, events: Sequence[Event]) -> httpx.Response:
        batch = EventBatch(sender="test", sequence=number, events=list(events))
        return await self.call("POST", "events", json=batch.model_dump(mode="json"))

    async def store(self, artifact: str, value: bytes, *, form: str = "JSON") -> httpx.Response:
        headers = {FORMAT_HEADER: form}
        return await self.call("PUT", f"artifacts/{artifact}", content=value, headers=headers)

    async def want(self, pool: str, count: int, *, request: str = "r-1") -> httpx.Response:
        body = NodeRequest(request_id=request, pool_id=pool, count=count, tags={"kind": "worker"})
        return await self.call("POST", "nodes", json=body.model_dump(mode="json"))


@pytest.fixture
async def user(services):
    """The HTTP client of a user who is logged in."""
    async with _client(public_app(services)) as client:
        client.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
        yield client


@pytest.fixture
async def submit(user, definition):
    """Submits the definition and gives the run's id."""

    async def submitted() -> str:
        stored = await user.post("/api/workflow-definitions", content=definition.model_dump_json())
        request = {
            "workflowDefinitionID": stored.json()["data"]["id"],
            "resources": {"nodes": 2, "cpu": "1", "memory": "1Gi", "gpu": None},
        }
        created = await user.post("/api/workflow-runs", json=request)
        assert created.status_code == 201, created.text
        return created.json()["data"]["id"]

    return submitted


@pytest.fixture
async def head_of(services):
    """Gives the head of a run."""
    async with _client(cluster_app(services)) as client:
        yield lambda run_id: Head(
            client=client, run_id=run_id, token=services.tokens.of_run(run_id)
        )


def _client(app) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://engine")
