import pytest

from orquestra.engine.images.passport import Finding, Requirement, check
from orquestra.engine.images.testing import orquestra_image

REQUIREMENT = Requirement(sdk="2.1.0", ray="2.60.0", python_minor="3.11", architecture="amd64")


def findings(**versions: str) -> list[str]:
    image = orquestra_image(content="x", **versions)
    return [finding.found for finding in check(image, requirement=REQUIREMENT)]


@pytest.mark.parametrize("sdk", ["2.1.0", "2.0.0a1", "2.0.7", "2.1.0+cu12"])
def test_an_older_sdk_of_the_same_major_version_is_right(sdk: str) -> None:
    assert findings(sdk=sdk) == []


@pytest.mark.parametrize("sdk", ["2.1.1", "2.2.0a1", "3.0.0", "1.9.0", "latest"])
def test_a_newer_sdk_or_one_of_another_major_version_is_wrong(sdk: str) -> None:
    assert findings(sdk=sdk) == [f"holds SDK {sdk}"]


def test_pythons_patch_version_does_not_matter() -> None:
    assert findings(python="3.11.9") == []
    assert findings(python="3.12.0") == ["holds Python 3.12.0"]
    assert findings(python="3.1.1") == ["holds Python 3.1.1"]


def test_ray_must_be_the_heads_to_the_letter() -> None:
    assert findings(ray="2.60.1") == ["holds Ray 2.60.1"]


def test_all_findings_are_given() -> None:
    image = orquestra_image(content="x", ray="2.9.0", python="3.9.1", architectures=("arm64",))

    assert check(image, requirement=REQUIREMENT) == (
        Finding(found="is built for arm64", needed="nodes here are amd64", rebuild=False),
        Finding(found="holds Ray 2.9.0", needed="the head of the run has Ray 2.60.0"),
        Finding(found="holds Python 3.9.1", needed="the workflow was written with Python 3.11"),
    )
