import pytest
from sqlalchemy.exc import OperationalError

from orquestra.engine.database.tables import Cluster
from orquestra.sdk.schema.cluster import NodeJoined
from tests.unit.engine.conftest import AT

pytestmark = pytest.mark.anyio


async def test_health_needs_no_login(user):
    user.headers.pop("Authorization")

    assert (await user.get("/healthz")).json() == {"status": "ok"}
    assert (await user.get("/readyz")).json() == {"status": "ok"}


async def test_readiness_asks_no_container_engine(user, provisioner):
    provisioner.inventory = None

    assert (await user.get("/readyz")).status_code == 200


async def test_an_engine_without_its_database_is_not_ready(user, services, monkeypatch):
    async def away():
        raise OperationalError("SELECT 1", None, Exception("disk I/O error"))

    monkeypatch.setattr(services.database, "ping", away)

    answer = await user.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "reason": "The database does not answer: disk I/O error.",
    }
    assert (await user.get("/healthz")).status_code == 200


async def test_a_local_engine_says_whether_its_cluster_is_ready(user, services, submit, head_of):
    head = head_of(await submit())
    async with services.database.writing() as session:
        (await session.get_one(Cluster, head.cluster_id)).shared = True

    async def cluster():
        return (await user.get("/readyz")).json()["cluster"]

    before = await cluster()
    await head.begin()
    pool = next(iter((await head.plan()).invocations))
    (node,) = (await head.want(pool, 1)).json()
    without_node = await cluster()
    await head.tell(1, [NodeJoined(at=AT, node_id=node["id"])])

    assert [before, without_node, await cluster()] == ["warming", "warming", "ready"]
