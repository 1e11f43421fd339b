"""Which Compute Engine to use, and with which login."""

import warnings
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

        Where another engine is saved under that name, host and port together become the name,
        and a warning says so the first time.

        Raises:
            RuntimeConfigError: the address is none, or the saved logins cannot be read.
            ValueError: the name that follows from the address is taken by a local runtime.
        """
        config = cls(name=_free_name(uri), uri=uri, token=token)
        config.save()
        return config

    def save(self) -> None:
        """Save it under its name, in place of a login that has the name already.

        Raises:
            RuntimeConfigError: the saved logins cannot be read.
            ValueError: the name means a local runtime.
        """
        if self.name in _LOCAL_NAMES:
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
        """A saved login.

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
    if name in _LOCAL_NAMES:
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
