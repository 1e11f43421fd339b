"""The HTTP API of the secrets that a Compute Engine keeps, one method for each call."""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self
from urllib.parse import quote

import httpx
import pydantic

from orquestra.sdk.compute_engine.connection import (
    ANSWER_TIMEOUT,
    Connection,
    ErrorMaker,
    read_answer,
)
from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    ConfigNameNotFoundError,
    NotFoundError,
    RemoteConnectionError,
    RuntimeConfigError,
    UnauthorizedError,
)
from orquestra.sdk.schema import paths
from orquestra.sdk.schema.api import Envelope
from orquestra.sdk.schema.secrets import (
    NAME_RULE,
    CreateSecret,
    NewSecret,
    SecretAnswer,
    SecretName,
    SecretValue,
    UpdateSecret,
    is_name,
)

_COLLECTION = "/api/config/secrets"


class _Refused(Exception):
    """The engine does not create the secret: mostly because it is there."""


class SecretStore:
    """The secrets of one workspace, or of the personal one.

    Every call raises what `Connection` does.
    """

    def __init__(
        self,
        config: RuntimeConfig,
        *,
        workspace_id: str | None,
        config_name: str | None = None,
        transport: httpx.BaseTransport | None = None,
        patience: timedelta = ANSWER_TIMEOUT,
        is_login: bool = True,
    ) -> None:
        """`config_name` is the login that the local runtime is to use, if not to answer itself.

        The others are those of `Connection`.
        """
        self._connection = Connection(
            config, transport=transport, patience=patience, is_login=is_login
        )
        self._workspace_id = workspace_id
        self._elsewhere = {"config": config_name}
        self._errors: dict[int, ErrorMaker] = {502: BaseRuntimeError}

    @classmethod
    def of_task(
        cls, *, uri: str, token: str, workspace_id: str | None, config_name: str | None
    ) -> Self:
        """The same with the token of a run, where its tasks find the secrets of its engine."""
        config = RuntimeConfig.unsaved(name="platform", uri=uri, token=token)
        # It is near, so no proxy of the environment may come between.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        store = cls(
            config,
            workspace_id=workspace_id,
            config_name=config_name,
            transport=httpx.HTTPTransport(verify=tls),
            is_login=False,
        )
        store._errors[401] = _run_is_over
        # The engine is away, while what hands calls on to it is there.
        store._errors[503] = lambda _: RemoteConnectionError(uri)
        return store

    def get(self, name: str) -> str:
        """The value of a secret.

        Raises:
            NotFoundError: there is none of that name.
        """
        response = self._send("GET", self._path(name), errors=self._missing(name))
        try:
            return SecretAnswer.model_validate_json(response.content).data.details.value
        except pydantic.ValidationError as error:  # not quoted, as other answers are
            raise BaseRuntimeError(
                f"What answers at {response.url.host} to {response.url.path} keeps no secrets: "
                f"its answer has {error.error_count()} faults. Check the address of the engine."
            ) from error

    def set(self, name: str, value: str) -> None:
        """Create a secret, or give a new value to one that is there.

        Raises:
            BaseRuntimeError: the engine takes no secret of that name.
        """
        problem = self._problem(name)
        if problem:
            raise BaseRuntimeError(f"The engine does not take the secret {name!r}: {problem}")
        try:
            self._create(name, value)
        except _Refused as refusal:
            self._update(name, value, refusal=refusal)

    def names(self) -> list[str]:
        """The names of all secrets."""
        response = self._send("GET", _COLLECTION, params={"workspace": self._workspace_id})
        return [secret.name for secret in read_answer(Envelope[list[SecretName]], response).data]

    def delete(self, name: str) -> None:
        """Remove a secret for good.

        Raises:
            NotFoundError: there is none of that name.
        """
        self._send("DELETE", self._path(name), errors=self._missing(name))

    def _create(self, name: str, value: str) -> None:
        new = NewSecret(name=name, value=value, resource_group=self._workspace_id)
        body = CreateSecret(data=new).model_dump_json(by_alias=True, exclude={"meta"})
        self._send("POST", _COLLECTION, json=body, errors={400: _Refused})

    def _update(self, name: str, value: str, *, refusal: _Refused) -> None:
        def not_taken(reason: str) -> Exception:
            return BaseRuntimeError(f"The engine does not take the secret {name!r}: {reason}")

        body = UpdateSecret(data=SecretValue(value=value))
        self._send(
            "POST",
            self._path(name),
            json=body.model_dump_json(by_alias=True, exclude={"meta"}),
            # It is not there either, so its creation was refused for what it is.
            errors={400: not_taken, 404: lambda _: not_taken(str(refusal))},
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: str | None = None,
        errors: Mapping[int, ErrorMaker] | None = None,
    ) -> httpx.Response:
        return self._connection.send(
            method,
            path,
            params={**self._elsewhere, **(params or {})},
            json=json,
            errors={**self._errors, **(errors or {})},
        )

    def _problem(self, name: str) -> str | None:
        """Why nothing can be a secret of this name, which might lead a request elsewhere."""
        if not is_name(name):
            return NAME_RULE
        if self._workspace_id is not None and not paths.is_plain(self._workspace_id):
            return f"no workspace has the id {self._workspace_id!r}."
        return None

    def _path(self, name: str) -> str:
        problem = self._problem(name)
        if problem:
            raise NotFoundError(f"There can be no secret {name!r}: {problem}")
        if self._workspace_id is not None:
            name = f"zri:v1::0:{self._workspace_id}:secret:{name}"
        return f"{_COLLECTION}/{quote(name, safe=':@')}"

    def _missing(self, name: str) -> Mapping[int, ErrorMaker]:
        place = f"the workspace {self._workspace_id}" if self._workspace_id else "your workspace"
        problem = f"There is no secret {name!r} in {place}. `orq secret list` tells the names."
        return {404: lambda _: NotFoundError(problem)}


def keeper(config_name: str | None) -> RuntimeConfig:
    """The configuration of an engine that keeps secrets.

    Raises:
        ConfigNameNotFoundError: it is not said which, or nothing is saved under the name.
        RuntimeConfigError: it keeps none, or cannot be used.
    """
    if config_name is None:
        raise ConfigNameNotFoundError(
            "It is not said which engine keeps the secret. Name its configuration: "
            'config_name="..." (`orq login --list` shows the saved ones), or config_name="local" '
            "for the local runtime."
        )
    config = RuntimeConfig.load(config_name)
    if config.is_in_process:
        raise RuntimeConfigError(
            f"{config_name!r} keeps no secrets. Name the configuration of a Compute Engine "
            'instead, or "local" for the local runtime.'
        )
    return config


def _run_is_over(reason: str) -> Exception:
    return UnauthorizedError(
        f"The engine does not accept the token of this run: {reason} It is valid only as long as "
        "the run executes."
    )
