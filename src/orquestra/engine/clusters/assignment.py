"""Which run cluster executes a new run."""

import secrets
from collections import defaultdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.clusters import store
from orquestra.engine.database.tables import Cluster, ClusterPool, Run, RunPool
from orquestra.engine.images.admission import Admission, AdmittedPool
from orquestra.engine.settings import Settings
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId, NodeSize

_ID_BYTES = 4


def standby_id() -> ClusterId:
    """A new id for a run cluster that waits for its run."""
    return ClusterId(f"standby-{secrets.token_hex(_ID_BYTES)}")


def shared_id() -> ClusterId:
    """A new id for the run cluster of a local runtime."""
    return ClusterId(f"local-{secrets.token_hex(_ID_BYTES)}")


def new_cluster(
    cluster_id: ClusterId, *, head_image: str, head: NodeSize, at: datetime, shared: bool = False
) -> Cluster:
    """The record of a run cluster of which nothing exists yet."""
    return Cluster(
        id=cluster_id,
        shared=shared,
        created_at=at,
        head_image=head_image,
        head_cpu=head.cpu,
        head_memory=head.memory,
        head_launches=0,
        retired=False,
        released=False,
    )


def new_pool(cluster_id: str, pool: AdmittedPool, *, min_nodes: int = 0) -> ClusterPool:
    """The record of a pool on a run cluster."""
    return ClusterPool(
        cluster_id=cluster_id,
        id=pool.id,
        image=pool.image,
        pinned_image=pool.pinned_image,
        min_nodes=min_nodes,
        max_nodes=pool.max_nodes,
        cpu=pool.size.cpu,
        memory=pool.size.memory,
        gpu=pool.size.gpu,
    )


async def assign(
    session: AsyncSession,
    run: Run,
    admission: Admission,
    *,
    head: NodeSize,
    settings: Settings,
) -> Cluster:
    """Put a new run on a run cluster, and store both, with the pools that the run uses.

    On the local runtime it is the shared one. Elsewhere it is a standby whose head is as the run
    needs it, or else a new one with the id of the run. A run that needs packages takes no standby:
    one began before it had a user, so it does not see the environments of that user's runs.
    """
    head_image, local = admission.head_image, settings.local
    cluster = None
    if local:
        cluster = await store.shared(session)
    elif not admission.needs_packages:
        cluster = await store.standby(session, head_image=head_image, head=head)
    if cluster is None:
        cluster_id = shared_id() if local else ClusterId(run.id)
        cluster = new_cluster(
            cluster_id, head_image=head_image, head=head, at=run.created_at, shared=local
        )
    run.cluster_id = cluster.id
    session.add(cluster)
    await session.flush()
    session.add(run)
    await _widen(session, cluster, admission)
    await session.flush()
    session.add_all(_run_pools(run, admission))
    await session.flush()
    return cluster


async def _widen(session: AsyncSession, cluster: Cluster, admission: Admission) -> None:
    """Let a cluster have the pools of a run: its own caps, or, where it is shared, the largest."""
    known = {pool.id: pool for pool in await store.pools(session, cluster.id)}
    if not cluster.shared:
        # What a standby kept ready beyond this run's needs may go.
        for pool in known.values():
            pool.min_nodes = 0
    for wanted in admission.pools:
        found = known.get(wanted.id)
        if found is None:
            at_least = int(wanted.pinned_image == HOST_IMAGE)
            session.add(new_pool(cluster.id, wanted, min_nodes=at_least))
        else:
            found.max_nodes = max(wanted.max_nodes, found.max_nodes if cluster.shared else 0)


def _run_pools(run: Run, admission: Admission) -> list[RunPool]:
    invocations: defaultdict[str, list[str]] = defaultdict(list)
    for invocation_id, pool_id in admission.pool_of_invocation.items():
        invocations[pool_id].append(invocation_id)
    return [
        RunPool(
            run_id=run.id,
            pool_id=pool.id,
            max_nodes=pool.max_nodes,
            invocations=invocations[pool.id],
        )
        for pool in admission.pools
    ]
