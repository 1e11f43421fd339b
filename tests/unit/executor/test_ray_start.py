"""What is changed in Ray before it starts: that it is still there to be changed."""

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
