"""What is changed in Ray before it starts: that it is still there to be changed."""

import resource
import subprocess
import sys

from ray._private import node, services, utils

from orquestra.executor.ray_start import RayNode, _parameters

HEAD = RayNode(address="127.0.0.1", port=40123, folder="/tmp/orq-1", cpus=0, gpus=0, store=80 << 20)


def test_what_is_left_out_is_what_ray_would_start():
    assert callable(node.Node.start_api_server)
    assert callable(utils.get_dashboard_dependency_error)
    assert callable(services.get_node_ip_address)


def test_ray_takes_the_parameters_of_a_head():
    parameters = _parameters(HEAD)

    assert (parameters.node_ip_address, parameters.gcs_server_port) == ("127.0.0.1", 40123)
    assert parameters.num_cpus == 0
    assert parameters.ray_client_server_port is None


def test_ray_stays_on_the_loopback_address_where_it_is_told_to():
    # In a process of its own, because it changes Ray for good.
    program = (
        "from orquestra.executor.ray_start import stay_on_loopback\n"
        "from ray._private import services\n"
        "stay_on_loopback()\n"
        "print(services.resolve_ip_for_localhost('127.0.0.1'))"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout == "127.0.0.1\n"


def test_workers_may_have_as_many_open_files_as_those_in_containers():
    # In a process of its own, because it cannot be told from others what its limit was.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = (
        "import resource\n"
        "from ray._private import node\n"
        "from orquestra.executor import ray_start\n"
        "def show(*_, **__):\n"
        "    print(*resource.getrlimit(resource.RLIMIT_NOFILE), flush=True)\n"
        "    raise SystemExit\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (256, {most}))\n"
        "node.Node.__init__ = show\n"
        "ray_start.run(ray_start.RayNode(\n"
        "    address='127.0.0.1', port=1, folder='/tmp', cpus=0, gpus=0, store=0))\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout == f"{min(most, 65_536)} {most}\n"
