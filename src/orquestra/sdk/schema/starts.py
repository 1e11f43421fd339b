"""How heads and nodes are started: the command, and what it is told."""

from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeSize, PoolId
from orquestra.sdk.schema.documents import Document

START_VARIABLE = "ORQUESTRA_START"
"""Environment variable of a head or node: JSON of its `HeadStart` or `NodeStart`."""

HEAD_COMMAND = ("python", "-m", "orquestra.executor", "head")
NODE_COMMAND = ("python", "-m", "orquestra.executor", "node")
"""What the engine runs as a head and as a node, whatever an image says."""


LONGEST_SCRATCH = 24
"""Characters that the path of a host process' temporary files may have.

Ray puts sockets below it and adds some 70; the path of a socket may have 107.
"""


class Folders(Document):
    """Folders that a head or node shares with the engine, by their paths there.

    `exchange` holds the values of its cluster, `environments` the Python environments that were
    installed for tasks, which outlive it.
    """

    exchange: str
    environments: str


class HeadStart(Document):
    """What a head is told: where the engine listens, and the keys of its cluster.

    `engine_socket` is the path of the engine's Unix socket, as the head sees it. `token` opens the
    internal API for this cluster only; `ray_token` is what every Ray process of it shows. Where
    `loopback` is set, all of the cluster talks over 127.0.0.1, else over the head's own address.
    """

    cluster_id: ClusterId
    engine_socket: str
    token: str
    ray_token: str
    size: NodeSize
    folders: Folders
    loopback: bool = False


class NodeStart(Document):
    """What a node is told: who it is, what it has, and where its head is (`<IP>:<port>`)."""

    cluster_id: ClusterId
    node_id: NodeId
    pool_id: PoolId
    head_address: str
    ray_token: str
    size: NodeSize
    folders: Folders
    loopback: bool = False
