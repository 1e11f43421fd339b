import pytest

from orquestra.sdk.packaging import PackagingError, get_installed_version


def test_the_version_of_an_installed_package_is_found():
    assert get_installed_version("orquestra-sdk").startswith("2.")


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(PackagingError, match="no-such-package"):
        get_installed_version("no-such-package")
