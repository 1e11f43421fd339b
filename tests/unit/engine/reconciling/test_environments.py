"""The folders of Python environments: one for all nodes of a cluster, whoever gets it."""

import logging
import os
import shutil

import pytest

from orquestra.engine.database.tables import Node
from orquestra.engine.provisioning.contract import HEAD
from orquestra.engine.reconciling import endings
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema.cluster import NodeState
from tests.unit.engine.conftest import AT
from tests.unit.engine.reconciling.conftest import (
    begin_head,
    clusters_of,
    executing_run,
    pool_of_run,
)

pytestmark = pytest.mark.anyio
INSIDE = "/run/orquestra-environments"


@pytest.fixture
async def services(tmp_path, catalogue, provisioner):
    async with memory_engine(
        tmp_path, catalogue=catalogue, provisioner=provisioner, clock=lambda: AT, standby=1
    ) as services:
        yield services


@pytest.fixture
def environments(provisioner):
    """The folders that the head and the nodes of a cluster have."""

    def of(cluster_id):
        return {
            spec.node_id: mount.source
            for spec in provisioner.specs()
            for mount in spec.mounts
            if spec.cluster_id == cluster_id and mount.target == INSIDE
        }

    return of


async def want_node(services, cluster):
    async with services.database.writing() as session:
        session.add(
            Node(
                cluster_id=cluster.id,
                id="n-1",
                pool_id="p-1",
                request_id="r-1",
                tags={},
                state=NodeState.REQUESTED,
                requested_at=AT,
            )
        )


async def test_of_a_standby_are_its_own_before_and_after_it_has_a_run(
    services, rounds, definition, environments
):
    await rounds()
    (cluster,) = await clusters_of(services)
    await begin_head(services, cluster)
    await executing_run(services, cluster, definition)
    await pool_of_run(services, cluster, "run-1", pool="p-1")
    await want_node(services, cluster)

    await rounds()

    folders = environments(cluster.id)
    assert folders.keys() == {HEAD, "n-1"}
    assert set(folders.values()) == {str(services.folder.environments_of(cluster.id))}


async def test_of_a_cluster_made_for_a_run_are_those_of_the_run_s_owner(
    services, rounds, submit, environments
):
    run_id = await submit()

    await rounds()

    owned = services.folder.environments_of("ada")
    assert environments(run_id) == {HEAD: str(owned)}


async def test_that_cannot_be_deleted_are_told(services, rounds, monkeypatch, caplog):
    await rounds()
    (cluster,) = await clusters_of(services)

    def forbidden(path, *, ignore_errors=False, **_):
        if not ignore_errors:
            raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(shutil, "rmtree", forbidden)
    await endings.take_away(services, cluster.id, grace=endings.AT_ONCE)

    told = [record for record in caplog.records if record.levelno == logging.WARNING]
    folder = str(services.folder.environments_of(cluster.id))
    assert any(folder in record.getMessage() for record in told)
