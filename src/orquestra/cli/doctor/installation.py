"""Python, the SDK, and the packages of its extras."""

import platform
from collections.abc import Iterator, Sequence
from importlib import metadata

from packaging.requirements import Requirement

from orquestra.cli.doctor.findings import Finding, note, ok, problem
from orquestra.sdk.versions import SDK_DISTRIBUTION

_EXTRAS = {
    "engine": "needed where a Compute Engine or the local runtime runs",
    "ray": "needed by the local runtime, `orq up`",
}
_OF_RELEASE_1 = ("orquestra-workflow-shared", "orquestra-workflow-runtime")
"""Distributions with files in the folder `orquestra`, where some of ours have the same names."""


def check() -> Sequence[Finding]:
    """What is installed, and whether it fits together."""
    try:
        distribution = metadata.distribution(SDK_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        text = "not installed as a package, so it has no version and cannot submit workflows"
        return [problem("SDK", text, fix=f'pip install "{SDK_DISTRIBUTION}"')]
    requirements = [Requirement(text) for text in distribution.requires or ()]
    return [
        _python(distribution),
        _sdk(distribution, requirements),
        *(_extra(name, requirements) for name in _EXTRAS),
        *_leftovers(),
    ]


def _python(distribution: metadata.Distribution) -> Finding:
    version = platform.python_version()
    minor = ".".join(version.split(".")[:2])
    tested = [
        classifier.rpartition(":: ")[2]
        for classifier in distribution.metadata.get_all("Classifier") or ()
        if classifier.startswith("Programming Language :: Python :: 3.")
    ]
    if minor in tested:
        return ok("Python", version)
    text = f"{version}, with which this release is not tested"
    return note("Python", text, fix=f"Tested are: {', '.join(tested)}.")


def _sdk(distribution: metadata.Distribution, requirements: Sequence[Requirement]) -> Finding:
    wrong = list(_unmet(requirements, extra=""))
    if not wrong:
        return ok("SDK", distribution.version)
    text = f"{distribution.version}, but {'; '.join(wrong)}"
    return problem("SDK", text, fix=f'pip install --upgrade "{SDK_DISTRIBUTION}"')


def _extra(name: str, requirements: Sequence[Requirement]) -> Finding:
    subject = f"SDK[{name}]"
    wrong = list(_unmet(requirements, extra=name))
    if not wrong:
        return ok(subject, "installed")
    fix = f'pip install "{SDK_DISTRIBUTION}[{name}]"'
    return note(subject, f"{'; '.join(wrong)} ({_EXTRAS[name]})", fix=fix)


def _leftovers() -> Iterator[Finding]:
    found = [name for name in _OF_RELEASE_1 if _version(name)]
    if found:
        again = f"pip install --force-reinstall --no-deps {SDK_DISTRIBUTION}"
        text = f"{' and '.join(found)}, of release 1.1, whose files stand where ours belong"
        yield problem("leftovers", text, fix=f"pip uninstall {' '.join(found)}; {again}")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _unmet(requirements: Sequence[Requirement], *, extra: str) -> Iterator[str]:
    for requirement in requirements:
        if not _belongs(requirement, extra=extra):
            continue
        found = _version(requirement.name)
        if found is None:
            yield f"{requirement.name} is not installed"
        elif not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} is {found} instead of {requirement.specifier}"


def _belongs(requirement: Requirement, *, extra: str) -> bool:
    marker = requirement.marker
    if marker is None:
        return not extra
    always = marker.evaluate({"extra": ""})
    return always if not extra else marker.evaluate({"extra": extra}) and not always
