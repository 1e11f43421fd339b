from importlib import metadata

import pytest

from orquestra import sdk
from orquestra.sdk.packaging import (
    InstalledImport,
    PackagingError,
    execute_task,
    get_installed_version,
)

PYDANTIC = metadata.version("pydantic")


def test_the_version_of_an_installed_package_is_found():
    assert get_installed_version("orquestra-sdk").startswith("2.")


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(PackagingError, match="no-such-package"):
        get_installed_version("no-such-package")


@pytest.mark.parametrize("version_match", [None, PYDANTIC[:2], r"\d+\."])
def test_an_installed_package_is_imported_in_its_version(version_match):
    found = InstalledImport(package_name="pydantic", version_match=version_match)

    assert found == sdk.PythonImports(f"pydantic=={PYDANTIC}")


@pytest.mark.parametrize(
    ("package", "version_match", "problem"),
    [
        ("no-such-package", None, "is not installed"),
        ("pydantic", "0[.]", f"installed as {PYDANTIC}, which does not match '0"),
    ],
)
def test_without_the_package_there_is_the_fallback_or_an_error(package, version_match, problem):
    with pytest.raises(PackagingError, match=problem):
        InstalledImport(package_name=package, version_match=version_match)

    fallback = sdk.InlineImport()
    found = InstalledImport(package_name=package, version_match=version_match, fallback=fallback)
    assert found is fallback


def test_the_function_of_a_task_can_be_tried_at_once():
    @sdk.task
    def add(a, b=0):
        return a + b

    assert execute_task(add, (1,), {"b": 2}) == 3
    assert execute_task(add, args=[1]) == 1
