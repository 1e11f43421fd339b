"""Which Compute Engine to use, and with which login; or the local runtime."""

import warnings
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from orquestra.sdk import local_engine
from orquestra.sdk.config_file import read_config, read_configs, save_config
from orquestra.sdk.exceptions import RayNotRunningError, RuntimeConfigError
from orquestra.sdk.schema.configs import COMPUTE_ENGINE_RUNTIME, RuntimeConfiguration

LOCAL_NAME = "local"
RAY_NAME = "ray"
"""How release 1.1 calls the local runtime; both names mean the same."""

_RESERVED_NAMES = frozenset({"in_process", RAY_NAME, LOCAL_NAME, "auto"})


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig:
    """A Compute Engine with a login, or the local runtime. Made by `ce`, `ray` or `load`.

    The local runtime has another address after each start, so its `uri` and `token` are empty
    here; `resolved` looks them up.
    """

    name: str
    uri: str = ""
    token: str = field(default="", repr=False)

    @classmethod
    def ce(cls, uri: str, token: str) -> "RuntimeConfig":
        """A Compute Engine by its address; saved at once under the first part of its host name.

        Where another engine is saved under that name, host and port together become the name,
        and a warning says so the first time.

        Raises:
            RuntimeConfigError: the address is none, or the saved logins cannot be read.
            ValueError: the name that follows from the address is taken by a local runtime.
        """
        config = cls(name=_free_name(uri), uri=uri, token=token)
        config.save()
        return config

    @classmethod
    def ray(cls) -> "RuntimeConfig":
        """The local runtime, which `orq up` starts. It need not run yet."""
        return cls(name=LOCAL_NAME)

    @property
    def is_local(self) -> bool:
        """Whether this is the local runtime."""
        return self.name == LOCAL_NAME

    def resolved(self) -> "RuntimeConfig":
        """The same with the address and the token of this moment.

        Raises:
            RayNotRunningError: it is the local runtime, and that is not running.
        """
        if not self.is_local:
            return self
        file = local_engine.read(local_engine.data_folder())
        if file is None:
            raise RayNotRunningError
        return RuntimeConfig(name=self.name, uri=file.url, token=file.token)

    def save(self) -> None:
        """Save it under its name, in place of a login that has the name already.

        Raises:
            RuntimeConfigError: the saved logins cannot be read.
            ValueError: the name means a local runtime.
        """
        if self.name in _RESERVED_NAMES:
            raise ValueError(f"{self.name!r} means a local runtime. Choose another name.")
        save_config(
            RuntimeConfiguration(
                config_name=self.name,
                runtime_name=COMPUTE_ENGINE_RUNTIME,
                runtime_options={"uri": self.uri, "token": self.token},
            )
        )

    @classmethod
    def load(cls, name: str) -> "RuntimeConfig":
        """A saved login, or the local runtime by one of its names, "ray" and "local".

        Raises:
            ConfigFileNotFoundError: nothing has been saved yet.
            ConfigNameNotFoundError: nothing has been saved under that name.
            RuntimeConfigError: it is no Compute Engine, or not complete.
        """
        if name in {RAY_NAME, LOCAL_NAME}:
            return cls.ray()
        if name in _RESERVED_NAMES:
            raise RuntimeConfigError(
                f'This release has no runtime {name!r}. Use "local", or log in to a Compute Engine '
                "with `orq login -s URL -t TOKEN` and use the name that it prints."
            )
        saved = read_config(name)
        if saved.runtime_name != COMPUTE_ENGINE_RUNTIME:
            raise RuntimeConfigError(
                f"The login {name!r} is of the kind {saved.runtime_name}, which this release "
                "cannot use. Use the login of a Compute Engine."
            )
        uri, token = (saved.runtime_options.get(option) for option in ("uri", "token"))
        if not (uri and token):
            raise RuntimeConfigError(
                f"The login {name!r} lacks its uri or its token. Log in again."
            )
        return cls(name=name, uri=uri, token=token)

    @classmethod
    def list_configs(cls) -> list[str]:
        """Names of the saved logins that are of Compute Engines, and "ray", the local runtime."""
        return [*saved_logins(), RAY_NAME]


def saved_logins() -> list[str]:
    """Names of the saved logins that are of Compute Engines."""
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
    if name in _RESERVED_NAMES:
        raise ValueError(
            f"A Compute Engine at {uri!r} would be saved as {name!r}, which means a local runtime. "
            "Reach it by another host name."
        )
    return name


def is_taken(name: str, *, uri: str) -> bool:
    """Whether another Compute Engine than the one at the address is saved under the name."""
    saved = read_configs().get(name)
    address = saved.runtime_options.get("uri") if saved else None
    return urlsplit(address or "").netloc not in {"", urlsplit(uri).netloc}


def _free_name(uri: str) -> str:
    name, full_name = config_name_of(uri), urlsplit(uri).netloc
    if not is_taken(name, uri=uri):
        return name
    if full_name not in read_configs():
        warnings.warn(
            f"Another Compute Engine is saved as {name!r}, so the login of {uri} is saved as "
            f"{full_name!r}.",
            stacklevel=3,
        )
    return full_name
