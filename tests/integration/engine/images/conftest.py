from collections.abc import Iterator

import pytest

from tests.integration.engine.images.publishing import Publisher, run_registry


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """A registry that everybody may read and write."""
    with run_registry(tmp_path_factory.mktemp("registry")) as address:
        publisher = Publisher(address)
        yield publisher
        publisher.close()
