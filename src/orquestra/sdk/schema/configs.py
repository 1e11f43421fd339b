"""The file of saved configurations, in the shape of release 1.1."""

from typing import Any

from pydantic import BaseModel, ConfigDict

CONFIG_FILE_CURRENT_VERSION = "0.0.2"

COMPUTE_ENGINE_RUNTIME = "CE_REMOTE"
"""How the file calls a Compute Engine. It may hold runtimes of other releases as well."""


class RuntimeConfiguration(BaseModel):
    """One saved configuration; a Compute Engine's options are `uri` and `token`."""

    model_config = ConfigDict(extra="allow")

    config_name: str
    runtime_name: str
    runtime_options: dict[str, Any] = {}


class RuntimeConfigurationFile(BaseModel):
    """The whole file. What this release does not know stays as it is when it is rewritten."""

    model_config = ConfigDict(extra="allow")

    version: str = CONFIG_FILE_CURRENT_VERSION
    configs: dict[str, RuntimeConfiguration] = {}
    default_config_name: str = "local"
