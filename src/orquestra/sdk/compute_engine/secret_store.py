"""The HTTP API of the secrets that a Compute Engine keeps, one method for each call."""

from collections.abc import Mapping
from urllib.parse import quote

from orquestra.sdk.compute_engine.connection import Connection, ErrorMaker, read_answer
from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.exceptions import BaseRuntimeError, NotFoundError
from orquestra.sdk.schema.api import Envelope
from orquestra.sdk.schema.secrets import NewSecret, Secret, SecretName, SecretValue

_COLLECTION = "/api/config/secrets"


class _Refused(Exception):
    """The engine does not create the secret: mostly because it is there."""


class SecretStore:
    """The secrets of one workspace, or of the personal one.

    Every call raises what `Connection` does.
    """

    def __init__(self, config: RuntimeConfig, *, workspace_id: str | None) -> None:
        self._connection = Connection(config, transport=None)
        self._workspace_id = workspace_id

    def get(self, name: str) -> str:
        """The value of a secret.

        Raises:
            NotFoundError: there is none of that name.
        """
        response = self._connection.send("GET", self._path(name), errors=self._missing(name))
        return read_answer(Envelope[Secret], response).data.details.value

    def set(self, name: str, value: str) -> None:
        """Create a secret, or give a new value to one that is there.

        Raises:
            BaseRuntimeError: the engine takes no secret of that name.
        """
        try:
            self._create(name, value)
        except _Refused as refusal:
            self._update(name, value, refusal=refusal)

    def names(self) -> list[str]:
        """The names of all secrets."""
        params = {"workspace": self._workspace_id}
        response = self._connection.send("GET", _COLLECTION, params=params)
        return [secret.name for secret in read_answer(Envelope[list[SecretName]], response).data]

    def delete(self, name: str) -> None:
        """Remove a secret for good.

        Raises:
            NotFoundError: there is none of that name.
        """
        self._connection.send("DELETE", self._path(name), errors=self._missing(name))

    def _create(self, name: str, value: str) -> None:
        body = NewSecret(name=name, value=value, resource_group=self._workspace_id)
        self._connection.send(
            "POST",
            _COLLECTION,
            json=Envelope[NewSecret](data=body).model_dump_json(by_alias=True, exclude={"meta"}),
            errors={400: _Refused},
        )

    def _update(self, name: str, value: str, *, refusal: _Refused) -> None:
        def not_there_either(_: str) -> Exception:
            return BaseRuntimeError(
                f"The engine does not take a secret of the name {name!r}: {refusal} Names are made "
                "of letters, digits and dashes, without a dash at either end."
            )

        body = Envelope[SecretValue](data=SecretValue(value=value))
        self._connection.send(
            "POST",
            self._path(name),
            json=body.model_dump_json(by_alias=True, exclude={"meta"}),
            errors={404: not_there_either},
        )

    def _path(self, name: str) -> str:
        if self._workspace_id is not None:
            name = f"zri:v1::0:{self._workspace_id}:secret:{name}"
        return f"{_COLLECTION}/{quote(name, safe=':/@')}"

    def _missing(self, name: str) -> Mapping[int, ErrorMaker]:
        place = f"the workspace {self._workspace_id}" if self._workspace_id else "your workspace"
        problem = f"There is no secret {name!r} in {place}. sdk.secrets.list(...) tells the names."
        return {404: lambda _: NotFoundError(problem)}
