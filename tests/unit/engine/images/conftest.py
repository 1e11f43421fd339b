import pytest

from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from tests.unit.engine.images.admitting import BASE, CUDA, SKLEARN


@pytest.fixture
def catalogue() -> MemoryCatalogue:
    """The base images and one custom image."""
    catalogue = MemoryCatalogue()
    catalogue.put(BASE, orquestra_image(content="base"))
    catalogue.put(CUDA, orquestra_image(content="cuda"))
    catalogue.put(SKLEARN, orquestra_image(content="sklearn"))
    return catalogue
