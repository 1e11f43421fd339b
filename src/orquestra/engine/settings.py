"""What an administrator can set, and where an engine keeps its things."""

import hashlib
import logging
import os
import re
import stat
import tomllib
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path, PurePosixPath
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orquestra.engine.defaults import DEFAULT_HOST, DEFAULT_PORT
from orquestra.engine.errors import ConfigurationError
from orquestra.engine.images.references import BUILT_HERE
from orquestra.sdk.schema.cluster import ClusterId

logger = logging.getLogger(__name__)

_ADDRESS = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?/?", re.ASCII)
_OWNER_DIGITS = 16
_CLOSED = 0o700


class Section(BaseModel):
    """Base of all settings: immutable, and an unknown key is an error, not a typo in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RegistrySettings(Section):
    """`[registry]`: where images are published.

    `start` says whether the engine runs a registry of its own on `host:port`; where another one
    serves, set it to false and name that one in `[images] repository`.
    """

    start: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=5000, ge=1, le=65535)
    data: Path | None = None


class ImageSettings(Section):
    """`[images]`: where the base images are; tags are chosen from it by version."""

    repository: str | None = None


class VolumeSettings(Section):
    """`[[nodes.volumes]]`: a folder of this machine that every node sees under `target`."""

    source: Path
    target: PurePosixPath
    read_only: bool = True


class NodeSettings(Section):
    """`[nodes]`: how nodes are run.

    Attributes:
        standby: Run clusters kept ready for the next runs, each with one default node; 0 is none.
            A local engine keeps its one shared cluster, or, with 0, none.
        idle_timeout: Seconds without work after which Ray's autoscaler lets a node go.
        start_timeout: Seconds a started container may take to join its run cluster.
        pull_timeout: Seconds that pulling an image may take.
        simulated_gpus: GPUs that every node of a GPU pool announces although there are none;
            for trying GPU workflows on a machine without.
        environment: Variables set in every node: a proxy, a package index.
        volumes: Folders of this machine that nodes see.
    """

    standby: int = Field(default=1, ge=0)
    idle_timeout: float = Field(default=15, gt=0)
    start_timeout: float = Field(default=60, gt=0)
    pull_timeout: float = Field(default=1800, gt=0)
    simulated_gpus: int = Field(default=0, ge=0)
    environment: dict[str, str] = {}
    volumes: tuple[VolumeSettings, ...] = ()

    @property
    def start_limit(self) -> timedelta:
        """`start_timeout` as a duration."""
        return timedelta(seconds=self.start_timeout)


class LoginSettings(Section):
    """`[login]`: `token_days` is how long the tokens that the login page gives out are valid."""

    token_days: int = Field(default=30, ge=1, le=3650)

    @property
    def token_lifetime(self) -> timedelta:
        """`token_days` as a duration."""
        return timedelta(days=self.token_days)


class FileSettings(Section):
    """The whole configuration file.

    `public_address` is where users reach the engine, where that is not the address it listens on:
    `https://orquestra.example.com` behind a proxy. Tasks are told it, too.

    `trusted_proxies` are addresses, or networks of them, whose word counts on where a request
    comes from (`X-Forwarded-For`, `X-Forwarded-Proto`).
    """

    public_address: str | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    registry: RegistrySettings = RegistrySettings()
    images: ImageSettings = ImageSettings()
    nodes: NodeSettings = NodeSettings()
    login: LoginSettings = LoginSettings()

    @field_validator("public_address")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        if address is not None and not _ADDRESS.fullmatch(address):
            raise ValueError("it is http://HOST or https://HOST, where needed with :PORT, no path")
        return address


class Settings(FileSettings):
    """All settings of one engine, its command line included.

    `local`: the engine of one user on one machine, which runs the default image's tasks as
    processes of this machine and starts no registry.
    """

    data: Path
    local: bool = False
    host: str = DEFAULT_HOST
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)

    @classmethod
    def load(
        cls,
        *,
        data: Path,
        host: str,
        port: int,
        file: Path | None = None,
        local: bool = False,
        simulated_gpus: int = 0,
    ) -> Self:
        """Settings of the command line, completed by a TOML file.

        `simulated_gpus` counts before what the file says, where it is not 0.

        Raises:
            ConfigurationError: The file cannot be read, or says something that is not a setting.
        """
        try:
            content = tomllib.loads(file.read_text()) if file else {}
            if simulated_gpus:
                nodes = content.setdefault("nodes", {})
                nodes["simulated_gpus"] = simulated_gpus
            folder = data.expanduser().resolve()
            return cls(data=folder, host=host, port=port, local=local, **content)
        except OSError as error:
            raise ConfigurationError(
                f"The configuration file {file} cannot be read: {error.strerror}."
            ) from error
        except (tomllib.TOMLDecodeError, ValidationError, TypeError) as error:
            raise ConfigurationError(
                f"The configuration file {file} is not right: {_in_one_line(error)}. "
                "The settings are described in docs/configuration.md."
            ) from error

    @property
    def address(self) -> str:
        """Where users reach the engine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_address or f"http://{host}:{self.port}").rstrip("/")

    @property
    def registry_address(self) -> str:
        """Host and port of the registry that the engine starts."""
        return f"{self.registry.host}:{self.registry.port}"

    @property
    def base_repository(self) -> str:
        """Repository of the base images; a local engine takes those built on its machine."""
        registry = f"{self.registry_address}/orquestra"
        place = BUILT_HERE if self.local else registry
        return self.images.repository or f"{place}/orquestra-sdk-base"


def _in_one_line(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()
    )


class DataFolder:
    """The folder that holds all that an engine keeps.

    | path | what it is |
    |---|---|
    | `engine.db` | the database: every state |
    | `artifacts/` | values that tasks produced |
    | `logs/` | output of tasks and nodes |
    | `registry/` | images, where the engine runs its own registry |
    | `keys/` | secret keys, readable by the owner only |
    | `environments/` | Python environments of tasks; a Compute Engine has a folder per owner |
    | `run/` | sockets and lock of the running process, its address if it is a local engine |
    | `run/clusters/` | a folder for each run cluster: its exchange, records of its host processes |
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "engine.db"
        self.artifacts = root / "artifacts"
        self.logs = root / "logs"
        self.registry = root / "registry"
        self.keys = root / "keys"
        self.environments = root / "environments"
        self.runtime = root / "run"
        self.clusters = self.runtime / "clusters"
        self.cluster_socket = self.runtime / "cluster" / "engine.sock"

    def create(self) -> None:
        """Make what is missing. The folder is closed to other users of the machine.

        Raises:
            ConfigurationError: It is there, and other users have power over it.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=_CLOSED)
        self._close()
        for folder in (self.artifacts, self.logs, self.keys, self.environments, self.runtime):
            folder.mkdir(exist_ok=True, mode=_CLOSED)
        self.clusters.mkdir(exist_ok=True, mode=_CLOSED)
        # Heads run as another user than the engine and must reach the socket in their mount.
        self.cluster_socket.parent.mkdir(exist_ok=True, mode=0o755)

    def _close(self) -> None:
        """Close a folder that was made by something else: what lies in it relies on that."""
        found = self.root.stat()
        mode = stat.S_IMODE(found.st_mode)
        if not mode & ~_CLOSED:
            return
        if found.st_uid != os.geteuid() or mode & stat.S_IWOTH:
            raise ConfigurationError(
                f"The data folder {self.root} belongs to another user, or everybody on this "
                "machine can write to it, so they could change what the engine keeps. Name a "
                f"folder of your own, for example with --data {self.root / 'engine'}."
            )
        self.root.chmod(_CLOSED)
        logger.warning(
            "the data folder %s was open to other users (%o); it is closed now",
            self.root,
            mode,
            extra={"event": "data_closed"},
        )

    def exchange(self, cluster_id: ClusterId) -> Path:
        """Where the values of a run cluster lie."""
        return self.clusters / cluster_id / "exchange"

    def environments_of(self, owner: str) -> Path:
        """The environments that only the runs of one owner use."""
        return self.environments / hashlib.sha256(owner.encode()).hexdigest()[:_OWNER_DIGITS]
