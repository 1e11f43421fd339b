import platform
from importlib import metadata

import pytest

from orquestra.cli.doctor import installation
from orquestra.cli.doctor.findings import Verdict

REQUIRED = [
    "click>=8.2",
    'fastapi>=0.1; extra == "engine"',
    'uvloop>=0.21; sys_platform == "nowhere" and extra == "engine"',
    'ray==2.60.0; extra == "ray"',
]


@pytest.fixture
def installed(monkeypatch):
    """Says which packages are installed, beside an SDK that requires those above."""

    class SDK:
        version = "2.0.0"
        requires = REQUIRED
        metadata = metadata.metadata("orquestra-sdk")

    def install(**versions):
        def version(name):
            if name not in versions:
                raise metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(metadata, "distribution", lambda _: SDK)
        monkeypatch.setattr(metadata, "version", version)
        return {finding.subject: finding for finding in installation.check()}

    return install


def test_all_that_is_required_is_fine(installed):
    found = installed(click="8.3", fastapi="0.2", ray="2.60.0")

    assert {finding.verdict for finding in found.values()} == {Verdict.OK}
    assert found["SDK"].text == "2.0.0"


def test_a_package_that_does_not_fit_is_a_problem(installed):
    found = installed(click="7.0")["SDK"]

    assert found.verdict is Verdict.PROBLEM
    assert found.text == "2.0.0, but click is 7.0 instead of >=8.2"


def test_an_extra_that_is_not_installed_is_only_noted(installed):
    found = installed(click="8.3", fastapi="0.2")

    assert found["SDK[engine]"].verdict is Verdict.OK
    assert found["SDK[ray]"].verdict is Verdict.NOTE
    assert found["SDK[ray]"].fix == 'pip install "orquestra-sdk[ray]"'


def test_what_is_left_of_release_1_is_a_problem(installed):
    found = installed(**{"orquestra-workflow-shared": "0.10.0"}, click="8.3")["leftovers"]

    assert found.verdict is Verdict.PROBLEM
    assert found.fix.startswith("pip uninstall orquestra-workflow-shared; ")


def test_an_sdk_that_is_no_package_is_a_problem(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)

    (finding,) = installation.check()

    assert finding.verdict is Verdict.PROBLEM


def test_a_python_that_nobody_has_tested_is_noted(monkeypatch):
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.1")

    assert installation.check()[0].verdict is Verdict.NOTE


def test_this_environment_has_no_problem():
    assert Verdict.PROBLEM not in {finding.verdict for finding in installation.check()}
