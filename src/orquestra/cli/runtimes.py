"""The runtimes that a command without `-c` can mean: saved logins, the local runtime, a platform.

They have one order everywhere: that of the file of logins, then the local runtime, then the
Compute Engine that this program itself runs on.
"""

from dataclasses import dataclass

from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.config import LOCAL_NAME, saved_logins
from orquestra.sdk.configuration.config_file import text_option
from orquestra.sdk.configuration.config_names import AUTO_NAME, RESERVED_NAMES
from orquestra.sdk.configuration.platform_login import has_platform_token


@dataclass(frozen=True, kw_only=True)
class KnownRuntime:
    """A runtime by the name of its configuration, and what people know it by."""

    name: str
    description: str
    is_saved: bool = False


def known() -> list[KnownRuntime]:
    """All of them; the local runtime, whether it runs or not.

    Not a login that is saved under a reserved name: that name means something else everywhere.

    Raises:
        RuntimeConfigError: the saved logins cannot be read.
    """
    saved = [
        KnownRuntime(name=name, description=text_option(entry, "uri"), is_saved=True)
        for name, entry in saved_logins().items()
        if name not in RESERVED_NAMES
    ]
    here = "the Compute Engine that this program runs on"
    return [
        *saved,
        KnownRuntime(name=LOCAL_NAME, description="the local runtime"),
        *([KnownRuntime(name=AUTO_NAME, description=here)] if has_platform_token() else []),
    ]


def usable() -> list[KnownRuntime]:
    """The same without a local runtime that does not run.

    Raises:
        RuntimeConfigError: the saved logins cannot be read.
    """
    return [each for each in known() if each.name != LOCAL_NAME or is_local_runtime_up()]


def is_local_runtime_up() -> bool:
    """Whether the local runtime answers."""
    return local_engine.find(local_engine.data_folder()) is not None
