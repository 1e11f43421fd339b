"""Where processes listen and keep their files."""

import socket
import tempfile
from ipaddress import ip_address

import pytest

from orquestra.executor.addresses import free_port, own_address, ray_folder


def test_the_own_address_is_one_that_this_machine_has():
    with socket.create_server((own_address(), 0)):
        ip_address(own_address())


def test_where_no_way_leads_out_the_host_name_says_the_address(monkeypatch):
    monkeypatch.setattr("orquestra.executor.addresses._ELSEWHERE", ("256.0.0.1", 9))
    monkeypatch.setattr(socket, "gethostname", lambda: "localhost")

    assert own_address() == "127.0.0.1"


def test_a_free_port_can_be_taken():
    with socket.create_server(("127.0.0.1", free_port("127.0.0.1"))):
        pass


def test_a_folder_is_there_for_one_node_and_gone_afterwards():
    with ray_folder() as one, ray_folder() as other:
        assert one != other
        (one / "something").touch()

    assert not one.exists()
    assert not other.exists()


@pytest.mark.parametrize("parent", ["/tmp", "/tmp/" + "deep/" * 20])
def test_paths_of_sockets_in_it_stay_short(monkeypatch, parent):
    monkeypatch.setattr(tempfile, "tempdir", parent)

    with ray_folder() as folder:
        session = "session_2026-11-22_11-34-01_123456_4194304/sockets/plasma_store"
        assert len(str(folder / session)) <= 107
