"""The file of saved configurations, in the shape of release 1.1."""

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

CONFIG_FILE_CURRENT_VERSION = "0.0.2"


class RuntimeName(StrEnum):
    """What executes workflows, as the file calls it."""

    RAY_LOCAL = "RAY_LOCAL"
    CE_REMOTE = "CE_REMOTE"
    QE_REMOTE = "QE_REMOTE"
    IN_PROCESS = "IN_PROCESS"


RemoteRuntime: TypeAlias = Literal[RuntimeName.CE_REMOTE]


class RuntimeConfiguration(BaseModel):
    """One saved configuration; a Compute Engine's options are `uri` and `token`.

    A runtime of another release is kept as the text that it is.
    """

    model_config = ConfigDict(extra="allow")

    config_name: str
    runtime_name: Annotated[RuntimeName | str, Field(union_mode="left_to_right")]
    runtime_options: dict[str, Any] = {}


class RuntimeConfigurationFile(BaseModel):
    """The whole file. What this release does not know stays as it is when it is rewritten."""

    model_config = ConfigDict(extra="allow")

    version: str = CONFIG_FILE_CURRENT_VERSION
    configs: dict[str, RuntimeConfiguration] = {}
    default_config_name: str = "local"
