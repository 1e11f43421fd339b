"""From records to launch specifications: what exactly runs in a head's and a node's container."""

from orquestra.engine.database.tables import Node, Pool, Run
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.provisioning.contract import HEAD, LaunchSpec, Mount
from orquestra.engine.settings import DataFolder, VolumeSettings
from orquestra.sdk.schema.cluster import (
    HEAD_COMMAND,
    NODE_COMMAND,
    START_VARIABLE,
    HeadStart,
    NodeId,
    NodeSize,
    NodeStart,
    PoolId,
)
from orquestra.sdk.schema.workflow_run import WorkflowRunId

_SOCKET_FOLDER = "/run/orquestra"


def head_spec(run: Run, *, services: EngineServices) -> LaunchSpec:
    """The head of a run. It alone gets the engine's socket and the run's token."""
    run_id = WorkflowRunId(run.id)
    size = NodeSize(cpu=run.head_cpu, memory=run.head_memory, gpu=0)
    socket = DataFolder(services.settings.data).cluster_socket
    start = HeadStart(
        run_id=run_id,
        engine_socket=f"{_SOCKET_FOLDER}/{socket.name}",
        token=services.tokens.of_run(run.id),
        ray_token=services.tokens.of_ray(run.id),
        size=size,
    )
    return LaunchSpec(
        run_id=run_id,
        node_id=HEAD,
        pool_id=None,
        image=run.head_image,
        command=HEAD_COMMAND,
        environment={START_VARIABLE: start.model_dump_json()},
        size=size,
        mounts=(Mount(source=str(socket.parent), target=_SOCKET_FOLDER),),
    )


def node_spec(node: Node, pool: Pool, *, services: EngineServices) -> LaunchSpec:
    """A node of a pool, with what the administrator gives to all nodes."""
    run_id = WorkflowRunId(node.run_id)
    size = NodeSize(cpu=pool.cpu, memory=pool.memory, gpu=pool.gpu)
    start = NodeStart(
        run_id=run_id,
        node_id=NodeId(node.id),
        pool_id=PoolId(pool.id),
        head_host=HEAD,
        ray_token=services.tokens.of_ray(node.run_id),
        size=size,
    )
    settings = services.settings.nodes
    return LaunchSpec(
        run_id=run_id,
        node_id=NodeId(node.id),
        pool_id=PoolId(pool.id),
        image=pool.pinned_image,
        command=NODE_COMMAND,
        environment={**settings.environment, START_VARIABLE: start.model_dump_json()},
        size=size,
        mounts=tuple(_mount(volume) for volume in settings.volumes),
    )


def _mount(volume: VolumeSettings) -> Mount:
    return Mount(source=str(volume.source), target=str(volume.target), read_only=volume.read_only)
