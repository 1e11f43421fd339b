"""Which release of the SDK made a definition, and whether this one understands it."""

from packaging.version import Version

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.exceptions import PackagingError, VersionMismatch
from orquestra.sdk.packaging import get_installed_version
from orquestra.sdk.schema import ir

SDK_DISTRIBUTION = "orquestra-sdk"


def warn_if_incompatible(definition: ir.WorkflowDef) -> None:
    """Warn of a definition that another release made, which this one may misunderstand.

    Says nothing where the SDK is not installed as a package: it has no version then.
    """
    try:
        installed = installed_version()
    except PackagingError:
        return
    metadata = definition.metadata
    if metadata is None:
        maker, needed = "a release of orquestra-sdk before 0.45", None
    else:
        needed = metadata.sdk_version
        maker = f"orquestra-sdk {needed.original}"
    if needed is None or not is_compatible(needed, reader=installed):
        message = (
            f"Workflow {definition.name!r} was made by {maker}; {installed.original} is installed "
            f"here, which may misunderstand it. Install that release, or build the workflow again."
        )
        warn_user(VersionMismatch(message, installed, needed))


def is_compatible(made_by: ir.Version, *, reader: ir.Version) -> bool:
    """Whether one release reads what another one wrote: one of its major line, and no newer.

    Releases before 1.0 promise nothing to each other.
    """
    if reader.major == 0:
        return made_by == reader
    return made_by.major == reader.major and made_by.minor <= reader.minor


def installed_version() -> ir.Version:
    """The version of the SDK as definitions hold it.

    Raises:
        PackagingError: the SDK is not installed as a package.
    """
    version = Version(get_installed_version(SDK_DISTRIBUTION))
    return ir.Version(
        original=str(version),
        major=version.major,
        minor=version.minor,
        patch=version.micro,
        is_prerelease=version.is_prerelease,
    )
