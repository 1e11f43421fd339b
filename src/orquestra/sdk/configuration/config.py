"""What executes workflows: a Compute Engine with a login, the local runtime, or this process."""

import os
import warnings
from typing import Any

from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.config_file import changing_configs, read_config, read_configs
from orquestra.sdk.configuration.config_names import (
    AUTO_NAME,
    IN_PROCESS_NAME,
    LOCAL_NAME,
    RAY_NAME,
    RESERVED_NAMES,
    config_name_of,
    free_name,
)
from orquestra.sdk.configuration.platform_login import (
    TOKEN_FILE_VARIABLE,
    cluster_uri,
    has_platform_token,
    platform_token,
)
from orquestra.sdk.exceptions import (
    ConfigFileNotFoundError,
    ConfigNameNotFoundError,
    QERemoved,
    RayNotRunningError,
    RuntimeConfigError,
)
from orquestra.sdk.schema.configs import RuntimeConfiguration, RuntimeName

__all__ = [
    "LOCAL_NAME",
    "RAY_NAME",
    "RuntimeConfig",
    "as_config",
    "config_name_of",
    "migrate_config_file",
    "save_login",
    "saved_logins",
]

CHOICE_VARIABLE = "ORQ_CURRENT_CONFIG"
"""Names the configuration that "auto" means on a user's machine."""

_OPTIONS: dict[RuntimeName, dict[str, Any]] = {
    RuntimeName.CE_REMOTE: {"uri": "", "token": ""},
    RuntimeName.RAY_LOCAL: {
        "address": "auto",
        "log_to_driver": False,
        "configure_logging": False,
        "storage": None,
        "temp_dir": None,
    },
    RuntimeName.IN_PROCESS: {},
}
"""The options that each runtime knows, with defaults. Those of the local runtime are there for
programs of release 1.1 that read them; nothing here uses them."""


class RuntimeConfig:
    """What executes workflows. Made by `ce`, `ray`, `in_process` or `load`.

    The local runtime has another address after each start, so its `uri` and `token` are empty
    here; `resolved` looks them up. Two configurations are equal that have the same name, runtime
    and options.

    Raises:
        ValueError: it was not made by one of these methods, or there is no such runtime.
    """

    uri: str
    token: str
    address: str
    log_to_driver: bool
    configure_logging: bool
    storage: str | None
    temp_dir: str | None

    def __init__(self, runtime_name: str, name: str, bypass_factory_methods: bool = False) -> None:
        if not bypass_factory_methods:
            raise ValueError(
                "Write RuntimeConfig.ce(uri, token), RuntimeConfig.ray(), "
                "RuntimeConfig.in_process() or RuntimeConfig.load(name) instead."
            )
        if runtime_name not in _OPTIONS:
            raise ValueError(f"{runtime_name!r} is none of: {', '.join(_OPTIONS)}.")
        self._runtime_name = RuntimeName(runtime_name)
        self._name = str(name)
        vars(self).update({"uri": "", "token": "", **_OPTIONS[self._runtime_name]})

    @classmethod
    def in_process(cls) -> "RuntimeConfig":
        """This process: tasks are executed one after another, where the workflow is started."""
        return cls(RuntimeName.IN_PROCESS, IN_PROCESS_NAME, bypass_factory_methods=True)

    @classmethod
    def ray(cls) -> "RuntimeConfig":
        """The local runtime, which `orq up` starts. It need not run yet."""
        return cls(RuntimeName.RAY_LOCAL, LOCAL_NAME, bypass_factory_methods=True)

    @classmethod
    def ce(cls, uri: str, token: str) -> "RuntimeConfig":
        """A Compute Engine by its address; saved at once under the first part of its host name.

        Where another engine is saved under that name, it is the name that this one has already,
        else host and port together, and a warning says so the first time.

        Raises:
            RuntimeConfigError: the address is none, or the saved logins cannot be read.
            ValueError: the name that follows from the address means a local runtime.
        """
        with changing_configs() as saved:
            config = cls.unsaved(name=free_name(uri, saved=saved), uri=uri, token=token)
            _put(config, saved)
        return config

    @classmethod
    def unsaved(cls, *, name: str, uri: str, token: str) -> "RuntimeConfig":
        """A Compute Engine by its address, with a login that is not saved."""
        config = cls(RuntimeName.CE_REMOTE, name, bypass_factory_methods=True)
        config.uri, config.token = uri, token
        return config

    @classmethod
    def load(cls, name: str) -> "RuntimeConfig":
        """A saved login, or what a name that is built in means.

        "ray" and "local" are the local runtime, "in_process" is this process. "auto" is, inside
        of a platform, the Compute Engine that this program runs on, and else the configuration
        that ORQ_CURRENT_CONFIG names.

        Raises:
            ConfigFileNotFoundError: nothing has been saved yet.
            ConfigNameNotFoundError: nothing has been saved under that name.
            QERemoved: it is saved for Quantum Engine.
            RuntimeConfigError: it is not complete, or has options that its runtime does not know;
                or it is not said what "auto" means.
            OSError: the platform has not said everything that "auto" needs.
        """
        if name == IN_PROCESS_NAME:
            return cls.in_process()
        if name in {RAY_NAME, LOCAL_NAME}:
            return cls.ray()
        if name == AUTO_NAME:
            return _of_platform() if has_platform_token() else _chosen()
        return _of_file(read_config(name))

    @classmethod
    def list_configs(cls) -> list[str]:
        """Names that `load` takes: the saved ones and those that are built in.

        Where the file of saved logins cannot be read, a warning says so.
        """
        try:
            saved = list(read_configs())
        except RuntimeConfigError as error:
            warnings.warn(str(error), stacklevel=2)
            saved = []
        of_platform = [AUTO_NAME] if has_platform_token() else []
        return [*saved, RAY_NAME, IN_PROCESS_NAME, *of_platform]

    @property
    def name(self) -> str:
        """The name under which it is known; that of the local runtime is "local"."""
        return self._name

    @property
    def runtime_name(self) -> RuntimeName:
        """The kind of runtime."""
        return self._runtime_name

    @property
    def is_local(self) -> bool:
        """Whether this is the local runtime."""
        return self._runtime_name is RuntimeName.RAY_LOCAL

    @property
    def is_in_process(self) -> bool:
        """Whether workflows are executed in this process."""
        return self._runtime_name is RuntimeName.IN_PROCESS

    def resolved(self) -> "RuntimeConfig":
        """The same with the address and the token of this moment.

        Raises:
            RayNotRunningError: it is the local runtime, and that is not running.
        """
        if self.is_local:
            return self._where_it_runs()
        return _of_platform() if self.name == AUTO_NAME else self

    def update_saved_token(self, token: str) -> None:
        """Change the token, here and in the file of saved logins.

        Raises:
            SyntaxError: it is no Compute Engine, so it has no token.
            RuntimeConfigError: the saved logins cannot be read.
        """
        if self._runtime_name is not RuntimeName.CE_REMOTE:
            raise SyntaxError(
                f"The configuration {self.name!r} has no token. Only those of Compute Engines do."
            )
        self.token = token
        save_login(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuntimeConfig):
            return NotImplemented
        return self._identity() == other._identity() and self._options() == other._options()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"<RuntimeConfig {self}>"

    def __str__(self) -> str:
        place = f" at {self.uri}" if self.uri else ""
        return f"{self.name!r}: {self.runtime_name}{place}"

    def _where_it_runs(self) -> "RuntimeConfig":
        file = local_engine.read(local_engine.data_folder())
        if file is None:
            raise RayNotRunningError
        config = RuntimeConfig(self._runtime_name, self.name, bypass_factory_methods=True)
        config.uri, config.token = file.url, file.token
        return config

    def _identity(self) -> tuple[str, str]:
        return self.name, self.runtime_name

    def _options(self) -> dict[str, Any]:
        return {option: getattr(self, option) for option in _OPTIONS[self._runtime_name]}


def save_login(config: RuntimeConfig) -> None:
    """Save the login of a Compute Engine under its name, in place of one that has it already.

    Raises:
        RuntimeConfigError: the saved logins cannot be read.
        ValueError: the name means a local runtime.
    """
    if config.name in RESERVED_NAMES:
        raise ValueError(f"{config.name!r} means a local runtime. Choose another name.")
    with changing_configs() as saved:
        _put(config, saved)


def saved_logins() -> dict[str, RuntimeConfiguration]:
    """The saved logins that are of Compute Engines, by name.

    Raises:
        RuntimeConfigError: the saved logins cannot be read.
    """
    return {
        name: entry
        for name, entry in read_configs().items()
        if entry.runtime_name == RuntimeName.CE_REMOTE
    }


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


def migrate_config_file() -> None:
    """Does nothing: every file that a release has written can be read as it is."""
    warnings.warn(
        "sdk.migrate_config_file() does nothing any more. Leave the call out.",
        DeprecationWarning,
        stacklevel=2,
    )


def _put(config: RuntimeConfig, saved: dict[str, RuntimeConfiguration]) -> None:
    """Options of an older login of the same name and kind stay unless replaced."""
    old = saved.get(config.name)
    kept = old.runtime_options if old and old.runtime_name == config.runtime_name else {}
    saved[config.name] = RuntimeConfiguration(
        config_name=config.name,
        runtime_name=config.runtime_name,
        runtime_options={**kept, "uri": config.uri, "token": config.token},
    )


def _of_file(saved: RuntimeConfiguration) -> RuntimeConfig:
    name, runtime = saved.config_name, saved.runtime_name
    if runtime == RuntimeName.QE_REMOTE:
        raise QERemoved(
            f"The login {name!r} is of Quantum Engine, which is no more. Log in to a Compute "
            "Engine: `orq login -s URL -t TOKEN`."
        )
    if runtime not in _OPTIONS:
        raise RuntimeConfigError(
            f"The login {name!r} is of the kind {runtime}, which this release cannot use. Use the "
            "login of a Compute Engine."
        )
    config = RuntimeConfig(runtime, name, bypass_factory_methods=True)
    vars(config).update(_checked_options(saved, known=_OPTIONS[config.runtime_name]))
    if config.runtime_name is RuntimeName.CE_REMOTE and not (config.uri and config.token):
        raise RuntimeConfigError(f"The login {name!r} lacks its uri or its token. Log in again.")
    return config


def _checked_options(saved: RuntimeConfiguration, *, known: dict[str, Any]) -> dict[str, Any]:
    for option in saved.runtime_options:
        if option not in known:
            raise RuntimeConfigError(
                f"The configuration {saved.config_name!r} has the option {option!r}, which "
                f"{saved.runtime_name} does not know. Known are: {', '.join(known) or '(none)'}."
            )
    return saved.runtime_options


def _of_platform() -> RuntimeConfig:
    return RuntimeConfig.unsaved(name=AUTO_NAME, uri=cluster_uri(), token=platform_token())


def _chosen() -> RuntimeConfig:
    name = os.environ.get(CHOICE_VARIABLE)
    if not name or name == AUTO_NAME:
        raise RuntimeConfigError(
            f'It is not said what "auto" means. Set {CHOICE_VARIABLE} to the name of a '
            f"configuration other than auto. (Inside of a platform, {TOKEN_FILE_VARIABLE} is set.)"
        )
    try:
        return RuntimeConfig.load(name)
    except (ConfigFileNotFoundError, ConfigNameNotFoundError) as error:
        raise RuntimeConfigError(
            f'{CHOICE_VARIABLE} says that "auto" means {name!r}. {error}'
        ) from error
