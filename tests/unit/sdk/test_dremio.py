import importlib
import sys

import pytest

from orquestra.sdk.exceptions import EnvVarNotFoundError

QUERY = "SELECT * FROM cities"


@pytest.fixture
def database(monkeypatch):
    """A database that speaks Arrow Flight, on a port of this machine."""
    pa = pytest.importorskip("pyarrow", reason="the extra orquestra-sdk[dremio] is not installed")
    pytest.importorskip("pandas", reason="the extra orquestra-sdk[dremio] is not installed")
    from pyarrow import flight

    cities = pa.table({"name": ["Oslo", "Rome"], "people": [717_000, 2_749_000]})

    class Logins(flight.ServerMiddlewareFactory):
        def start_call(self, info, headers):
            login = headers["authorization"][0]
            if login not in {"Basic YWRhOnB3", "Bearer token"}:
                raise flight.FlightUnauthenticatedError("no such login")
            return Answer()

    class Answer(flight.ServerMiddleware):
        def sending_headers(self):
            return {"authorization": "Bearer token"}

    class NoHandshake(flight.ServerAuthHandler):
        def authenticate(self, outgoing, incoming):
            pass

        def is_valid(self, token):
            return b""

    class Database(flight.FlightServerBase):
        def get_flight_info(self, context, descriptor):
            ticket = flight.Ticket(descriptor.command)
            endpoints = [flight.FlightEndpoint(ticket, [])]
            return flight.FlightInfo(cities.schema, descriptor, endpoints, 2, -1)

        def do_get(self, context, ticket):
            assert ticket.ticket == QUERY.encode()
            return flight.RecordBatchStream(cities)

    with Database(
        "grpc://127.0.0.1:0", auth_handler=NoHandshake(), middleware={"login": Logins()}
    ) as server:
        monkeypatch.setenv("ORQ_DREMIO_URI", f"grpc://127.0.0.1:{server.port}")
        monkeypatch.setenv("ORQ_DREMIO_USER", "ada")
        monkeypatch.setenv("ORQ_DREMIO_PASS", "pw")
        yield server


def test_a_query_gives_a_data_frame(database):
    from orquestra.sdk.dremio import DremioClient

    frame = DremioClient.from_env_vars().read_query(QUERY)

    assert frame.to_dict("list") == {"name": ["Oslo", "Rome"], "people": [717_000, 2_749_000]}


@pytest.mark.parametrize("variable", ["ORQ_DREMIO_USER", "ORQ_DREMIO_PASS"])
def test_user_and_password_are_read_with_each_query(database, monkeypatch, variable):
    from orquestra.sdk.dremio import DremioClient

    client = DremioClient.from_env_vars()
    monkeypatch.setenv(variable, "")

    with pytest.raises(EnvVarNotFoundError, match=variable) as caught:
        client.read_query(QUERY)
    assert caught.value.var_name == variable


def test_the_address_is_read_at_once(database, monkeypatch):
    from orquestra.sdk.dremio import DremioClient

    monkeypatch.delenv("ORQ_DREMIO_URI")

    with pytest.raises(EnvVarNotFoundError) as caught:
        DremioClient.from_env_vars()
    assert caught.value.var_name == "ORQ_DREMIO_URI"


def test_without_its_packages_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "orquestra.sdk.dremio", raising=False)

    with pytest.raises(ImportError, match=r'pip install "orquestra-sdk\[dremio\]"'):
        importlib.import_module("orquestra.sdk.dremio")
