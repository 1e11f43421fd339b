"""An engine in memory, its user, and a head that a test plays itself."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event

from orquestra import sdk
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.engine.process.apps import cluster_app, public_app
from orquestra.engine.provisioning.testing import MemoryProvisioner
from orquestra.engine.reconciling.loop import Reconciler
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    AttemptBeginning,
    AttemptEnding,
    AttemptsBegan,
    AttemptsEnded,
    ClusterWork,
    Event,
    EventBatch,
    HeadBegan,
    Location,
    NodeRequest,
    RunFinished,
    RunPlan,
    RunStarted,
    StoredValue,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import State

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
    ticks = itertools.count()

    def clock() -> datetime:
        """The time of the stories, a little before what their heads tell of."""
        return AT - timedelta(minutes=1) + timedelta(milliseconds=next(ticks))

    async with memory_engine(
        tmp_path, catalogue=catalogue, provisioner=provisioner, clock=clock
    ) as services:
        yield services


@pytest.fixture
def reconciler(services):
    return Reconciler(services)


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a run cluster, played by a test, and the workers that write into its exchange."""

    client: httpx.AsyncClient
    cluster_id: str
    run_id: str
    token: str
    exchange: Path
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def call(self, method: str, path: str, **options) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        url = f"/internal/clusters/{self.cluster_id}/{path}"
        return await self.client.request(method, url, headers=headers, **options)

    async def work(self, *, after: int = 0) -> ClusterWork:
        answer = await self.call("GET", f"work?after={after}")
        return ClusterWork.model_validate_json(answer.content)

    async def plan(self) -> RunPlan:
        answer = await self.call("GET", f"runs/{self.run_id}/plan")
        return RunPlan.model_validate_json(answer.content)

    async def tell(self, number: int, events: Sequence[Event]) -> httpx.Response:
        batch = EventBatch(sender="test", sequence=number, events=list(events))
        return await self.call("POST", "events", content=batch.model_dump_json())

    async def begin(self) -> None:
        """What a head tells first."""
        batch = EventBatch(
            sender="head", sequence=1, events=[HeadBegan(at=AT, address="10.0.0.2:6379")]
        )
        await self.call("POST", "events", content=batch.model_dump_json())

    def write(self, content: bytes, *, form: ValueFormat = ValueFormat.JSON) -> Location:
        """Write a value into a file of its own."""
        file = f"{self.run_id}.worker.{next(self.numbers)}"
        self.exchange.mkdir(parents=True, exist_ok=True)
        (self.exchange / file).write_bytes(content)
        return Location(file, 0, len(content), form)

    async def store(
        self, artifact: str, value: bytes, *, form: ValueFormat = ValueFormat.JSON
    ) -> httpx.Response:
        """Write a value and tell of it."""
        location = self.write(value, form=form)
        return await self.tell_values([StoredValue(ir.ArtifactNodeId(artifact), location)])

    async def tell_values(self, values: Sequence[StoredValue]) -> httpx.Response:
        event = AttemptsEnded(run_id=self.run_id, attempts=[], values=list(values))
        batch = EventBatch(sender="values", sequence=next(self.numbers), events=[event])
        return await self.call("POST", "events", content=batch.model_dump_json())

    async def want(self, pool: str, count: int, *, request: str = "r-1") -> httpx.Response:
        body = NodeRequest(request_id=request, pool_id=pool, count=count, tags={"kind": "worker"})
        return await self.call("POST", "nodes", json=body.model_dump(mode="json"))


def began(run_id: str, invocation: str, *, attempt: int = 1, node: str = "n-1") -> AttemptsBegan:
    """An attempt that runs: ready at `AT`, its worker a second later, begun after another."""
    at = AT.timestamp()
    beginning = AttemptBeginning(invocation, attempt, node, at, at + 1, at + 2)
    return AttemptsBegan(run_id=run_id, attempts=[beginning])


def ended(
    run_id: str,
    invocation: str,
    state: State,
    *,
    attempt: int = 1,
    final: bool = True,
    message: str | None = None,
    node: str | None = "n-1",
    values: Sequence[StoredValue] = (),
) -> AttemptsEnded:
    """An attempt that has ended nine seconds after it was ready."""
    at = AT.timestamp()
    ending = AttemptEnding(
        invocation, attempt, state, final, node, at, at + 1, at + 2, at + 9, message
    )
    return AttemptsEnded(run_id=run_id, attempts=[ending], values=list(values))


def started(run_id: str) -> RunStarted:
    """A run that has begun."""
    return RunStarted(run_id=run_id, at=AT)


def finished(run_id: str, state: State = State.SUCCEEDED) -> RunFinished:
    """A run that is over."""
    return RunFinished(run_id=run_id, at=AT + timedelta(seconds=10), state=state)


def asked_of(services) -> list[str]:
    """All that a database is asked from now on."""
    asked: list[str] = []
    for engine in (services.database._reader, services.database._writer):
        event.listen(
            engine.sync_engine, "before_cursor_execute", lambda *call: asked.append(call[2])
        )
    return asked


def invocation_of(definition: ir.WorkflowDef, name: str) -> str:
    """The invocation of a task function that is called once."""
    return next(key for key in definition.task_invocations if key.endswith(name))


@pytest.fixture
async def user(services):
    """The HTTP client of a user who is logged in."""
    async with client_of(public_app(services)) as client:
        client.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
        yield client


@pytest.fixture
async def submit(user, definition):
    """Submits the definition and gives the run's id, which is also that of its cluster."""

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
    """Gives the head of the cluster that was made for a run."""
    async with client_of(cluster_app(services)) as client:
        yield lambda run_id: Head(
            client=client,
            cluster_id=run_id,
            run_id=run_id,
            token=services.tokens.of_cluster(run_id),
            exchange=services.folder.exchange(run_id),
        )


def client_of(app) -> httpx.AsyncClient:
    """An HTTP client of an app in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://engine")
