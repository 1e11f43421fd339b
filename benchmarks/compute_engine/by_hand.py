"""What a user would do without us: two containers, `ray start` in both, and one task of Ray.

The head runs the task as soon as it is up, and Ray waits for the node, which tries to join until
the head is there: nobody could do it sooner by hand. Images are present, as for ours.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.models.containers import Container
from docker.types import Ulimit

from benchmarks.clock import timed
from orquestra.engine.provisioning.limits import read_host_limits

LIMIT = 120
PORT = 6379
# Without the size Ray takes more than a container's shared memory and falls back to the disk.
_RAY = "ray start --disable-usage-stats --object-store-memory=268435456"
_TASK = (
    "import ray; ray.init(address='auto', log_to_driver=False); "
    "one = ray.remote(num_cpus=1)(lambda: 1); assert ray.get(one.remote()) == 1"
)
_HEAD = f"""
{_RAY} --head --port={PORT} --num-cpus=0 --include-dashboard=false && exec python -c "{_TASK}"
"""
_NODE = f"""
until {_RAY} --address=head:{PORT} --num-cpus=1; do sleep 0.1; done; exec sleep infinity
"""


def seconds_by_hand(client: docker.DockerClient, *, head_image: str, node_image: str) -> float:
    """Seconds from the first command until the task has given its result.

    Raises:
        RuntimeError: the task failed; the message has what the head said.
    """
    with _cleaned_up(client) as name:
        seconds, head = timed(
            lambda: _run(client, name, head_image=head_image, node_image=node_image)
        )
        if head.wait(timeout=1)["StatusCode"]:
            raise RuntimeError(f"The task by hand failed:\n{head.logs().decode()}")
    return seconds


def _run(client: docker.DockerClient, name: str, *, head_image: str, node_image: str) -> Container:
    client.networks.create(name)
    head = _start(client, name, image=head_image, role="head", script=_HEAD)
    _start(client, name, image=node_image, role="node", script=_NODE)
    head.wait(timeout=LIMIT)
    return head


def _start(
    client: docker.DockerClient, name: str, *, image: str, role: str, script: str
) -> Container:
    return client.containers.run(
        image,
        ["sh", "-c", script],
        name=f"{name}-{role}",
        hostname=role,
        network=name,
        networking_config={name: client.api.create_endpoint_config(aliases=[role])},
        labels={name: ""},
        shm_size="1g",
        ulimits=_ulimits(),
        environment={"RAY_AUTH_MODE": "disabled"},
        detach=True,
    )


def _ulimits() -> list[Ulimit]:
    limits = read_host_limits()
    values = {"nofile": limits.open_files, "nproc": limits.processes}
    return [Ulimit(name=name, soft=most, hard=most) for name, most in values.items() if most]


@contextmanager
def _cleaned_up(client: docker.DockerClient) -> Iterator[str]:
    name = f"by-hand-{uuid.uuid4().hex[:8]}"
    try:
        yield name
    finally:
        for container in client.containers.list(all=True, filters={"label": name}):
            container.remove(force=True)
        for network in client.networks.list(names=[name]):
            network.remove()
