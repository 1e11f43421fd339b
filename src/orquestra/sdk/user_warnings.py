"""What the SDK warns of. Public names: `exceptions`, which also draws where they belong."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orquestra.sdk.schema.ir import Version


class VersionMismatch(Warning):
    """A workflow was made by a release of the SDK that this one may not understand."""

    def __init__(self, msg: str, actual: "Version", needed: "Version | None") -> None:
        super().__init__(msg)
        self.actual = actual
        self.needed = needed

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.actual, self.needed)


class DirtyGitRepo(Warning):
    """A git repository has changes that are not where tasks get their code from."""


class NodesInTaskResourcesWarning(Warning):
    """`nodes` was asked for on a task, where it has no meaning."""


class OrquestraSDKVersionMismatchWarning(Warning):
    """Tasks get another release of the SDK than the one that builds the workflow."""


class UnsupportedRuntimeFeature(Warning):
    """A request that this runtime does not honour."""


class IgnoredFieldWarning(Warning):
    """A request that no runtime honours."""


class NotATaskWarning(Warning):
    """A workflow function calls what is no task. Public name: `orquestra.sdk.NotATaskWarning`."""


class UnknownPlaceholderInCustomNameWarning(Warning):
    """A custom name mentions a value that is known only at run time."""
