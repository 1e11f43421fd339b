from pathlib import Path

import pytest

from images.builders import Build, Docker, build_flags, containers_flags, registry_flags
from images.errors import BuildError
from images.trust import Mount

BUILD = Build(
    context=Path("/context"),
    containerfile=Path("/context/Containerfile"),
    tag="localhost/base:1",
    target="base",
    arguments={"PYTHON": "3.11"},
    labels={"org.opencontainers.image.version": "1", "io.orquestra.sdk.version": "1"},
    mounts=(Mount(source=Path("/tmp/trust"), target="/run/trust"),),
)


def test_every_builder_gets_arguments_labels_target_and_names():
    assert build_flags(BUILD) == [
        "--build-arg=PYTHON=3.11",
        "--label=org.opencontainers.image.version=1",
        "--label=io.orquestra.sdk.version=1",
        "--target=base",
        "--tag=localhost/base:1",
        "--file=/context/Containerfile",
        "/context",
    ]


def test_buildah_and_podman_build_without_namespaces_and_mount_read_only():
    flags = containers_flags(BUILD)

    assert "--isolation=chroot" in flags
    assert "--volume=/tmp/trust:/run/trust:ro" in flags


def test_a_failed_build_leaves_no_container():
    assert "--force-rm" in containers_flags(BUILD)


def test_only_the_oci_names_become_annotations():
    annotations = [flag for flag in containers_flags(BUILD) if flag.startswith("--annotation")]

    assert annotations == ["--annotation=org.opencontainers.image.version=1"]


@pytest.mark.parametrize("image", ["127.0.0.1:5000/demo/a:1", "localhost:5000/demo/a:1"])
def test_a_registry_on_this_machine_may_speak_plain_http(image):
    assert registry_flags(image) == ["--tls-verify=false"]


@pytest.mark.parametrize("image", ["registry.example.com/demo/a:1", "localhost.example.com/a:1"])
def test_any_other_registry_must_prove_who_it_is(image):
    assert registry_flags(image) == []


def test_docker_refuses_mounts_and_names_a_builder_that_can():
    with pytest.raises(BuildError, match="Install buildah"):
        Docker().build(BUILD)
