import shutil
from pathlib import Path

import pytest

from images.build import ROOT
from images.errors import BuildError
from images.recipe import (
    Project,
    Versions,
    fingerprint,
    labels,
    lay_out_context,
    parse_versions,
    read_project,
    tags,
)

PROJECT = Project(
    version="2.0.0",
    license="Apache-2.0",
    source="https://example.com",
    requirements=("ray[default]==1.2.3",),
)


@pytest.fixture
def root(tmp_path):
    """A repository with the files that images are made from."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "images", tmp_path / "images")
    package = tmp_path / "src" / "orquestra"
    package.mkdir(parents=True)
    (package / "one.py").write_text("1")
    return tmp_path


def digest(root: Path) -> str:
    return fingerprint(root, flavor="base", python="3.11", parent=None)


def test_the_default_minor_has_a_tag_without_it():
    assert tags("2.0.0", flavor="base", python="3.11") == ("2.0.0", "2.0.0-py3.11")


def test_another_minor_is_always_named():
    assert tags("2.0.0", flavor="cuda", python="3.12") == ("2.0.0-cuda-py3.12",)


def test_the_passport_names_the_versions_inside():
    passport = labels(
        PROJECT,
        flavor="cuda",
        versions=Versions(python="3.11.2", ray="1.2.3"),
        parent="debian:bookworm-slim",
        fingerprint="abc",
    )

    assert passport["io.orquestra.sdk.version"] == "2.0.0"
    assert passport["io.orquestra.ray.version"] == "1.2.3"
    assert passport["io.orquestra.python.version"] == "3.11.2"
    assert passport["org.opencontainers.image.base.name"] == "debian:bookworm-slim"


def test_anything_but_two_versions_is_not_believed():
    assert parse_versions("3.11.2 2.60.0\n") == Versions(python="3.11.2", ray="2.60.0")
    with pytest.raises(BuildError, match="Two versions"):
        parse_versions("Traceback")


def test_the_fingerprint_follows_the_sources(root):
    before = digest(root)

    (root / "src" / "orquestra" / "one.py").write_text("2")

    assert digest(root) != before


def test_the_fingerprint_ignores_what_python_leaves_behind(root):
    before = digest(root)

    (root / "src" / "orquestra" / "one.pyc").write_text("compiled")

    assert digest(root) == before


def test_the_context_asks_for_ray_and_nothing_of_the_engine(root, tmp_path):
    context = tmp_path / "context"
    context.mkdir()

    wheel = lay_out_context(root, context)

    requirements = (context / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("ray[default]==") for line in requirements)
    assert not any(line.startswith("fastapi") for line in requirements)
    assert list(wheel.iterdir()) == []


def test_ray_is_pinned_to_the_same_version_everywhere():
    pinned = [line for line in read_project(ROOT).requirements if line.startswith("ray[")]

    version = pinned[0].partition("==")[2]

    assert f"ray=={version}" in (ROOT / "constraints.txt").read_text().splitlines()
