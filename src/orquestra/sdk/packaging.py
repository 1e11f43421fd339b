"""Python packages as they are installed on this machine."""

from importlib import metadata

from orquestra.sdk.exceptions import PackagingError

__all__ = ["PackagingError", "get_installed_version"]


def get_installed_version(package_name: str) -> str:
    """The version of an installed distribution.

    Raises:
        PackagingError: no distribution of that name is installed.
    """
    try:
        return metadata.version(package_name)
    except metadata.PackageNotFoundError as error:
        raise PackagingError(
            f"The package {package_name!r} is not installed. Install it with pip and try again."
        ) from error
