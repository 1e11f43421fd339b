"""From records to launch specifications: what exactly runs as a head and as a node."""

from pathlib import Path
from urllib.parse import urlsplit

from orquestra.engine.database.tables import Cluster, ClusterPool, Node
from orquestra.engine.provisioning.contract import (
    HEAD,
    LaunchSpec,
    Mount,
)
from orquestra.engine.services import EngineServices
from orquestra.engine.settings import DataFolder, VolumeSettings
from orquestra.sdk.configuration.platform_login import PLATFORM_SECRETS_URI
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId, NodeId, NodeSize, PoolId
from orquestra.sdk.schema.starts import (
    HEAD_COMMAND,
    NODE_COMMAND,
    START_VARIABLE,
    Folders,
    HeadStart,
    NodeStart,
)

_SECRETS_HOST = str(urlsplit(PLATFORM_SECRETS_URI).hostname)
_SOCKET_FOLDER = "/run/orquestra"
_INSIDE = Folders(exchange="/run/orquestra-exchange", environments="/run/orquestra-environments")
"""Where containers see the folders that they share with the engine."""


def head_spec(cluster: Cluster, *, environments: Path, services: EngineServices) -> LaunchSpec:
    """The head of a cluster. It alone gets the engine's socket and the cluster's token."""
    cluster_id = ClusterId(cluster.id)
    size = NodeSize(cpu=cluster.head_cpu, memory=cluster.head_memory, gpu=0)
    folder = DataFolder(services.settings.data)
    outside = shared_folders(cluster_id, environments=environments, folder=folder)
    on_host = cluster.head_image == HOST_IMAGE
    socket = folder.cluster_socket
    start = HeadStart(
        cluster_id=cluster_id,
        engine_socket=str(socket) if on_host else f"{_SOCKET_FOLDER}/{socket.name}",
        token=services.tokens.of_cluster(cluster.id),
        ray_token=services.tokens.of_ray(cluster.id),
        size=size,
        folders=outside if on_host else _INSIDE,
        loopback=services.settings.local,
    )
    return LaunchSpec(
        cluster_id=cluster_id,
        node_id=HEAD,
        pool_id=None,
        image=cluster.head_image,
        command=HEAD_COMMAND,
        environment={START_VARIABLE: start.model_dump_json()},
        size=size,
        mounts=(Mount(source=str(socket.parent), target=_SOCKET_FOLDER), *_folders(outside)),
        host_network=services.settings.local,
        # Tasks of any release ask for secrets at that name, and the head hands it on.
        aliases=(_SECRETS_HOST,),
    )


def node_spec(
    node: Node,
    pool: ClusterPool,
    *,
    head_address: str,
    environments: Path,
    services: EngineServices,
) -> LaunchSpec:
    """A node of a pool, with what the administrator gives to all nodes."""
    cluster_id = ClusterId(node.cluster_id)
    size = NodeSize(cpu=pool.cpu, memory=pool.memory, gpu=pool.gpu)
    folder = DataFolder(services.settings.data)
    outside = shared_folders(cluster_id, environments=environments, folder=folder)
    start = NodeStart(
        cluster_id=cluster_id,
        node_id=NodeId(node.id),
        pool_id=PoolId(pool.id),
        head_address=head_address,
        ray_token=services.tokens.of_ray(node.cluster_id),
        size=size,
        folders=outside if pool.pinned_image == HOST_IMAGE else _INSIDE,
        loopback=services.settings.local,
    )
    settings = services.settings.nodes
    return LaunchSpec(
        cluster_id=cluster_id,
        node_id=NodeId(node.id),
        pool_id=PoolId(pool.id),
        image=pool.pinned_image,
        command=NODE_COMMAND,
        environment={**settings.environment, START_VARIABLE: start.model_dump_json()},
        size=size,
        mounts=(*_folders(outside), *(_volume(volume) for volume in settings.volumes)),
        host_network=services.settings.local,
    )


def shared_folders(cluster_id: ClusterId, *, environments: Path, folder: DataFolder) -> Folders:
    """The folders that a cluster shares with the engine, where they lie."""
    return Folders(exchange=str(folder.exchange(cluster_id)), environments=str(environments))


def make_folders(folders: Folders) -> None:
    """Make them where they are missing.

    Containers have another user than the engine and write there; the tree above is closed.
    """
    for path in (Path(folders.exchange), Path(folders.environments)):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)  # mkdir's mode is subject to the umask


def _folders(outside: Folders) -> tuple[Mount, ...]:
    return (
        Mount(source=outside.exchange, target=_INSIDE.exchange, read_only=False),
        Mount(source=outside.environments, target=_INSIDE.environments, read_only=False),
    )


def _volume(volume: VolumeSettings) -> Mount:
    return Mount(source=str(volume.source), target=str(volume.target), read_only=volume.read_only)
