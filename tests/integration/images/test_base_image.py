"""The contract of the base images, asked of the images that `make images` built."""

import os
import platform

import pytest

from images.build import ROOT
from images.builders import Builder, find_builder
from images.errors import BuildError
from images.recipe import (
    FLAVORS,
    LOCAL_REPOSITORY,
    VERSIONS_COMMAND,
    parse_versions,
    read_project,
    tags,
)

pytestmark = pytest.mark.containers

VENV = "/home/orquestra/venv"


@pytest.fixture(scope="module")
def builder() -> Builder:
    try:
        return find_builder()
    except BuildError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=FLAVORS)
def image(request, builder):
    minor = ".".join(platform.python_version_tuple()[:2])
    tag = tags(read_project(ROOT).version, flavor=request.param, python=minor)[-1]
    name = f"{LOCAL_REPOSITORY}:{tag}"
    if builder.find(name) is None:
        pytest.fail(f"{name} is not here. Run `make images`.")
    return name


def in_shell(builder, image, script):
    return builder.output(image, ["bash", "-c", script]).strip()


def test_tasks_run_as_orquestra_in_the_group_that_the_contract_names(builder, image):
    assert in_shell(builder, image, "id -un; id -u; id -g").split() == ["orquestra", "1000", "100"]


def test_the_virtual_environment_comes_first_on_path(builder, image):
    found = in_shell(builder, image, "command -v python pip ray orq; echo $VIRTUAL_ENV")

    assert found.split() == [
        *(f"{VENV}/bin/{name}" for name in ("python", "pip", "ray", "orq")),
        VENV,
    ]


def test_a_login_shell_finds_ray_too(builder, image):
    assert builder.output(image, ["bash", "-lc", "command -v ray"]).strip() == f"{VENV}/bin/ray"


def test_ray_and_the_sdk_can_be_imported(builder, image):
    in_shell(builder, image, "python -c 'import ray, orquestra.sdk, orquestra.executor'")


def test_the_tools_that_users_and_kubernetes_rely_on_are_there(builder, image):
    tools = in_shell(builder, image, "command -v wget git ssh apt-get")

    assert len(tools.split()) == 4


def test_the_labels_tell_the_versions_inside(builder, image):
    inside = parse_versions(builder.output(image, VERSIONS_COMMAND))
    sdk = "import importlib.metadata as m; print(m.version('orquestra-sdk'))"

    labels = builder.find(image).labels

    assert labels["io.orquestra.python.version"] == inside.python
    assert labels["io.orquestra.ray.version"] == inside.ray
    assert labels["io.orquestra.sdk.version"] == in_shell(builder, image, f'python -c "{sdk}"')


def test_the_image_starts_nothing_by_itself(builder, image):
    found = builder.find(image)

    assert found.entrypoint == ()
    assert found.command == ()


def test_nothing_of_this_machines_pip_settings_stays_in_the_image(builder, image):
    left = in_shell(
        builder,
        image,
        "cat /etc/pip.conf 2>/dev/null; find /run/orquestra-build -type f 2>/dev/null; true",
    )

    assert left == ""


def test_native_programs_find_the_cuda_runtime_in_the_cuda_image_only(builder, image):
    libraries = in_shell(builder, image, "/sbin/ldconfig -p")

    assert ("libcudart.so.12" in libraries) == ("-cuda" in image)


def test_an_image_that_has_a_name_is_not_discarded(builder, image):
    builder.discard(builder.find(image).id)

    assert builder.find(image) is not None
