from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from images.builders import Build, LocalImage
from images.errors import BuildError
from images.parents import bootstrap_command, find_parent


@dataclass
class OfflineBuilder:
    """A builder whose registry is out of reach, with these images on its machine."""

    images: Mapping[str, LocalImage] = field(default_factory=dict)

    def find(self, image):
        return self.images.get(image)

    def pull(self, image):
        raise BuildError(f"{image} could not be pulled.")

    def build(self, build: Build):
        raise AssertionError(f"{build.tag} was built without need.")


def test_a_parent_from_before_is_taken_as_it_is():
    own = "localhost/orquestra-parent:bookworm"
    builder = OfflineBuilder(images={own: LocalImage(id="1", labels={})})

    assert find_parent(builder, python="3.11") == own


def test_a_minor_version_without_a_known_parent_names_the_option():
    with pytest.raises(BuildError, match="--parent"):
        find_parent(OfflineBuilder(), python="3.10")


def test_a_minor_version_that_no_debian_release_has_names_the_options():
    with pytest.raises(BuildError, match=r"--parent.*--python"):
        find_parent(OfflineBuilder(), python="3.12")


def test_the_root_file_system_has_no_devices_and_keeps_licences():
    command = bootstrap_command("bookworm", Path("/tmp/root.tar"))

    assert command[:3] == ["mmdebstrap", "--variant=minbase", "--skip=output/dev"]
    assert "--dpkgopt=path-include=/usr/share/doc/*/copyright" in command
    assert command[-2:] == ["bookworm", "/tmp/root.tar"]
