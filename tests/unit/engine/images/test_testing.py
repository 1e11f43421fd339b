import asyncio
import doctest

import pytest

from orquestra.engine.errors import ImageMissing
from orquestra.engine.images import testing
from orquestra.engine.images.references import ImageReference
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image


def test_the_memory_catalogue_answers_by_tag_and_by_digest_and_knows_nothing_else() -> None:
    catalogue = MemoryCatalogue()
    image = orquestra_image(content="solver")
    catalogue.put("demo/solver:1", image)
    by_tag = ImageReference.parse("demo/solver:1")

    assert asyncio.run(catalogue.describe(by_tag, architecture="amd64")) == image
    by_digest = by_tag.pinned(image.digest)
    assert asyncio.run(catalogue.describe(by_digest, architecture="amd64")) == image
    with pytest.raises(ImageMissing):
        asyncio.run(catalogue.describe(ImageReference.parse("demo/solver:2"), architecture="amd64"))


def test_its_example_runs() -> None:
    assert doctest.testmod(testing).failed == 0
