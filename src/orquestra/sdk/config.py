"""Which Compute Engine to use, and with which login."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from orquestra.sdk.config_file import read_config, read_configs, save_config
from orquestra.sdk.exceptions import RuntimeConfigError
from orquestra.sdk.schema.configs import COMPUTE_ENGINE_RUNTIME, RuntimeConfiguration

_LOCAL_NAMES = frozenset({"in_process", "ray", "local", "auto"})


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig:
    """A Compute Engine with a login. Made by `ce`, or by `load` from what was saved."""

    name: str
    uri: str
    token: str = field(repr=False)

    @classmethod
    def ce(cls, uri: str, token: str) -> "RuntimeConfig":
        """A Compute Engine by its address; saved at once under the first part of its host name.

        Raises:
            RuntimeConfigError: the address is none, or the saved logins cannot be read.
            ValueError: the name that follows from the address is taken by a local runtime.
        """
        config = cls(name=config_name_of(uri), uri=uri, token=token)
        save_config(
            RuntimeConfiguration(
                config_name=config.name,
                runtime_name=COMPUTE_ENGINE_RUNTIME,
                runtime_options={"uri": uri, "token": token},
            )
        )
        return config

    @classmethod
    def load(cls, name: str) -> "RuntimeConfig":
        """A saved configuration.

        Raises:
            ConfigFileNotFoundError: nothing has been saved yet.
            ConfigNameNotFoundError: nothing has been saved under that name.
            RuntimeConfigError: it is no Compute Engine, or not complete.
        """
        if name in _LOCAL_NAMES:
            raise RuntimeConfigError(
                f"This release runs workflows on a Compute Engine only; {name!r} is none. "
                "Log in to one with `orq login -s URL -t TOKEN` and use the name that it prints."
            )
        saved = read_config(name)
        if saved.runtime_name != COMPUTE_ENGINE_RUNTIME:
            raise RuntimeConfigError(
                f"The configuration {name!r} is of the kind {saved.runtime_name}, which this "
                "release cannot use. Use the configuration of a Compute Engine."
            )
        uri, token = (saved.runtime_options.get(option) for option in ("uri", "token"))
        if not (uri and token):
            raise RuntimeConfigError(
                f"The configuration {name!r} lacks its uri or its token. Log in again."
            )
        return cls(name=name, uri=uri, token=token)

    @classmethod
    def list_configs(cls) -> list[str]:
        """Names of the saved configurations that `load` takes."""
        configs = read_configs().values()
        return [c.config_name for c in configs if c.runtime_name == COMPUTE_ENGINE_RUNTIME]


def as_config(config: str | RuntimeConfig) -> RuntimeConfig:
    """A configuration given by name or as an object.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(config, RuntimeConfig):
        return config
    if isinstance(config, str):
        return RuntimeConfig.load(config)
    raise TypeError(f"A configuration is a name or a RuntimeConfig, not {config!r}")


def config_name_of(uri: str) -> str:
    """The name under which a Compute Engine is saved: its address up to the first dot.

    Raises:
        RuntimeConfigError: the text is no address of a Compute Engine.
        ValueError: the name is taken by a local runtime.
    """
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RuntimeConfigError(
            f"{uri!r} is not the address of a Compute Engine. "
            'Write it with its scheme, like "https://engine.example.com".'
        )
    name = parts.netloc.split(".", 1)[0]
    if name in _LOCAL_NAMES:
        raise ValueError(
            f"A Compute Engine at {uri!r} would be saved as {name!r}, which means a local runtime. "
            "Reach it by another host name."
        )
    return name


@dataclass(frozen=True, kw_only=True)
class ProjectRef:
    """Where a run belongs."""

    workspace_id: str
    project_id: str


def current_workspace() -> str | None:
    """The workspace that the environment names."""
    return os.environ.get("ORQ_CURRENT_WORKSPACE") or None


def current_project() -> str | None:
    """The project that the environment names."""
    return os.environ.get("ORQ_CURRENT_PROJECT") or None
