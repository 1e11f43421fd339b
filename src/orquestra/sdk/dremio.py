"""Queries of a Dremio database, whose answers come as data frames."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from orquestra.sdk.exceptions import EnvVarNotFoundError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DremioClient"]

try:
    from pyarrow import flight
except ImportError as error:
    raise ImportError(
        "orquestra.sdk.dremio needs the packages pyarrow and pandas. "
        'Install them: pip install "orquestra-sdk[dremio]".'
    ) from error


class Reader(Protocol):
    """Knows a text, or where to find it."""

    def read(self) -> str:
        """The text as it is at this moment."""


@dataclass(frozen=True)
class EnvVarReader:
    """Reads an environment variable."""

    var_name: str

    def read(self) -> str:
        """Its value.

        Raises:
            EnvVarNotFoundError: it is not set, or empty.
        """
        value = os.environ.get(self.var_name)
        if not value:
            raise EnvVarNotFoundError(
                f"The environment variable {self.var_name} is not set. Queries of Dremio need "
                "ORQ_DREMIO_URI, ORQ_DREMIO_USER and ORQ_DREMIO_PASS.",
                self.var_name,
            )
        return value


class DremioClient:
    """Asks one Dremio database. Made by `from_env_vars`.

    Args:
        flight_client: the connection.
        user_reader: knows the account's e-mail address.
        pass_reader: knows its password.
    """

    def __init__(
        self,
        flight_client: flight.FlightClient,
        user_reader: Reader,
        pass_reader: Reader,
    ) -> None:
        self._flight_client = flight_client
        self._user_reader = user_reader
        self._pass_reader = pass_reader

    @classmethod
    def from_env_vars(cls) -> "DremioClient":
        """The database at ORQ_DREMIO_URI, which is like "grpc+tls://host:443".

        ORQ_DREMIO_USER and ORQ_DREMIO_PASS are read with each query.

        Raises:
            EnvVarNotFoundError: the address is not set.
        """
        return cls(
            flight_client=flight.FlightClient(EnvVarReader("ORQ_DREMIO_URI").read()),
            user_reader=EnvVarReader("ORQ_DREMIO_USER"),
            pass_reader=EnvVarReader("ORQ_DREMIO_PASS"),
        )

    def read_query(self, query: str) -> "pd.DataFrame":
        """All rows that a query in SQL gives.

        Raises:
            EnvVarNotFoundError: user or password are not set.
        """
        options = self._logged_in()
        command = flight.FlightDescriptor.for_command(query)
        info = self._flight_client.get_flight_info(command, options)
        reader = self._flight_client.do_get(info.endpoints[0].ticket, options)
        return reader.read_pandas()

    def _logged_in(self) -> Any:
        header = self._flight_client.authenticate_basic_token(
            self._user_reader.read(), self._pass_reader.read()
        )
        return flight.FlightCallOptions(headers=[header])
