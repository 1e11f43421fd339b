"""Which run cluster executes a run."""

import pytest

from orquestra import sdk
from orquestra.engine.clusters import store
from orquestra.engine.clusters.assignment import new_cluster, standby_id
from orquestra.engine.database.tables import Cluster, ClusterPool, Run
from orquestra.engine.images.sizes import DEFAULT_HEAD
from orquestra.engine.process.apps import cluster_app, public_app
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import (
    AT,
    Head,
    asked_of,
    client_of,
    ended,
    finished,
    invocation_of,
    started,
)

pytestmark = pytest.mark.anyio


def solving_with(packages):
    @sdk.task(dependency_imports=[sdk.PythonImports(*packages)])
    def solve():
        return 1

    @sdk.workflow
    def solving():
        return solve()

    return solving()


@pytest.fixture
def cluster_of(services):
    async def found(run_id: str) -> tuple[Cluster, dict[str, ClusterPool]]:
        async with services.database.reading() as session:
            run = await session.get_one(Run, run_id)
            cluster = await session.get_one(Cluster, run.cluster_id)
            pools = await store.pools(session, cluster.id)
        return cluster, {pool.id: pool for pool in pools}

    return found


@pytest.fixture
def keep_ready(services, cluster_of):
    """Keeps a standby ready that is like the cluster of a run, with one node of each pool."""

    async def kept(like: str, **differences) -> str:
        model, pools = await cluster_of(like)
        cluster = new_cluster(standby_id(), head_image=model.head_image, head=DEFAULT_HEAD, at=AT)
        cluster.head_began_at = AT
        for name, value in differences.items():
            setattr(cluster, name, value)
        async with services.database.writing() as session:
            session.add(cluster)
            await session.flush()
            for pool in pools.values():
                session.add(
                    ClusterPool(
                        cluster_id=cluster.id,
                        id=pool.id,
                        image=pool.image,
                        pinned_image=pool.pinned_image,
                        min_nodes=1,
                        max_nodes=9,
                        cpu=pool.cpu,
                        memory=pool.memory,
                        gpu=pool.gpu,
                    )
                )
        return cluster.id

    return kept


async def test_a_run_gets_a_cluster_with_its_own_id(submit, cluster_of):
    run_id = await submit()

    cluster, pools = await cluster_of(run_id)

    assert (cluster.id, cluster.shared, cluster.retired) == (run_id, False, False)
    assert {pool.max_nodes for pool in pools.values()} == {2}


async def test_a_standby_takes_one_run_with_the_caps_of_that_run(submit, cluster_of, keep_ready):
    standby = await keep_ready(like=await submit())

    first, pools = await cluster_of(await submit())
    second, _ = await cluster_of(await submit())

    assert first.id == standby
    assert {(pool.min_nodes, pool.max_nodes) for pool in pools.values()} == {(0, 2)}
    assert second.id != standby


@pytest.mark.parametrize(
    "difference",
    [
        {"head_image": "other@sha256:1"},
        {"head_cpu": 8.0},
        {"head_memory": 1},
        {"head_began_at": None},
        {"retired": True},
        {"released": True},
    ],
)
async def test_a_standby_that_is_not_ready_or_not_alike_takes_no_run(
    submit, cluster_of, keep_ready, difference
):
    await keep_ready(await submit(), **difference)

    run_id = await submit()

    assert (await cluster_of(run_id))[0].id == run_id


class TestPackages:
    @pytest.fixture
    def packages(self):
        return ["numpy"]

    @pytest.fixture
    def definition(self, packages):
        return solving_with(packages).model

    async def test_a_run_that_needs_some_gets_a_cluster_that_knows_its_owner(
        self, submit, cluster_of, keep_ready
    ):
        await keep_ready(like=await submit())

        run_id = await submit()

        assert (await cluster_of(run_id))[0].id == run_id

    @pytest.mark.parametrize("packages", [["orquestra-sdk"]])
    async def test_the_sdk_which_every_image_has_is_none(self, submit, cluster_of, keep_ready):
        standby = await keep_ready(like=await submit())

        assert (await cluster_of(await submit()))[0].id == standby


async def test_the_end_of_its_run_retires_a_standby(submit, cluster_of, keep_ready, user):
    await keep_ready(like=await submit())
    run_id = await submit()

    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    assert (await cluster_of(run_id))[0].retired


@pytest.fixture
async def local(tmp_path, catalogue):
    async with memory_engine(tmp_path / "local", catalogue=catalogue, local=True) as services:
        yield services


@pytest.fixture
async def submit_locally(local, definition):
    """Submits the definition to a local engine and gives the run's id."""
    async with client_of(public_app(local)) as client:
        client.headers["Authorization"] = f"Bearer {local.tokens.issue('ada')}"
        stored = await client.post(
            "/api/workflow-definitions", content=definition.model_dump_json()
        )

        async def submitted(**request) -> str:
            body = {"workflowDefinitionID": stored.json()["data"]["id"], **request}
            created = await client.post("/api/workflow-runs", json=body)
            assert created.status_code == 201, created.text
            return created.json()["data"]["id"]

        yield submitted


@pytest.fixture
async def shared_head(local):
    """Gives the head of the shared cluster, for one of its runs."""
    async with client_of(cluster_app(local)) as client:

        async def found(run_id: str) -> Head:
            async with local.database.reading() as session:
                cluster_id = (await session.get_one(Run, run_id)).cluster_id
            return Head(
                client=client,
                cluster_id=cluster_id,
                run_id=run_id,
                token=local.tokens.of_cluster(cluster_id),
                exchange=local.folder.exchange(cluster_id),
            )

        yield found


async def test_all_runs_of_a_local_engine_share_a_cluster(submit_locally, shared_head):
    first, second = await submit_locally(), await submit_locally()
    heads = [await shared_head(run_id) for run_id in (first, second)]

    work = await heads[0].work()

    assert heads[0].cluster_id == heads[1].cluster_id
    assert heads[0].cluster_id.startswith("local-")
    assert work.runs == [first, second]
    assert len(work.pools) == 2


async def test_the_shared_cluster_stays_when_a_run_is_over(submit_locally, shared_head):
    first, second = await submit_locally(), await submit_locally()
    head = await shared_head(first)
    before = await head.work()

    answer = await head.tell(1, [finished(first)])
    after = await head.work(after=before.version)

    assert answer.status_code == 204
    assert after.runs == [second]
    assert (await head.call("GET", f"runs/{first}/plan")).status_code == 410


async def test_late_events_of_a_run_on_a_shared_cluster_are_taken_and_dropped(
    submit_locally, shared_head, definition
):
    first, _ = await submit_locally(), await submit_locally()
    head = await shared_head(first)
    await head.tell(1, [finished(first)])

    load = invocation_of(definition, "load")
    late = await head.tell(2, [ended(first, load, State.FAILED, message="too late")])

    assert late.status_code == 204


async def test_the_runs_of_a_batch_are_looked_up_together(submit_locally, shared_head, local):
    runs = [await submit_locally() for _ in range(4)]
    head = await shared_head(runs[0])
    statements = asked_of(local)

    async def lookups(number: int, some: list[str]) -> int:
        statements.clear()
        answer = await head.tell(number, [started(run_id) for run_id in some])
        assert answer.status_code == 204
        return len([text for text in statements if text.startswith("SELECT runs")])

    assert await lookups(1, runs[:1]) == await lookups(2, runs[1:])


async def test_a_shared_pool_has_the_largest_cap_of_its_runs_and_a_run_keeps_its_own(
    submit_locally, shared_head
):
    sizes = {"cpu": "1", "memory": "1Gi"}
    runs = [await submit_locally(resources={"nodes": n, **sizes}) for n in (1, 3, 2)]
    head = await shared_head(runs[0])

    pools = {pool.id: pool for pool in (await head.work()).pools}

    own = [(await (await shared_head(run_id)).plan()).max_nodes for run_id in runs]
    (solver,) = [name for name, pool in pools.items() if pool.image.endswith("solver:1")]
    assert pools[solver].max_nodes == 3
    assert [most[solver] for most in own] == [1, 3, 2]


async def test_only_a_local_engine_keeps_where_a_run_was_submitted(
    submit_locally, shared_head, user, definition, head_of
):
    run_id = await submit_locally(workingDirectory="/home/ada")
    assert (await (await shared_head(run_id)).plan()).working_directory == "/home/ada"

    stored = await user.post("/api/workflow-definitions", content=definition.model_dump_json())
    body = {
        "workflowDefinitionID": stored.json()["data"]["id"],
        "workingDirectory": "/home/ada",
    }
    remote = (await user.post("/api/workflow-runs", json=body)).json()["data"]["id"]
    assert (await head_of(remote).plan()).working_directory is None


async def test_a_cluster_tells_of_its_own_runs_only(submit, head_of):
    mine, other = await submit(), await submit()

    answer = await head_of(mine).tell(1, [finished(other)])

    assert answer.status_code == 403
