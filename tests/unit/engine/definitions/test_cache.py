import pytest

from orquestra.engine.database.tables import Definition
from orquestra.engine.definitions.cache import DefinitionCache

pytestmark = pytest.mark.anyio


def row(definition, number: int) -> Definition:
    return Definition(id=f"d-{number}", document=definition.model_dump_json())


async def test_what_is_kept_is_bounded_by_the_size_of_the_documents(definition):
    rows = [row(definition, number) for number in range(4)]
    cache = DefinitionCache(capacity=3 * len(rows[0].document.encode()))
    first, second, *_ = [await cache.of_row(each) for each in rows[:3]]
    assert await cache.of_row(rows[0]) is first

    await cache.of_row(rows[3])

    assert await cache.of_row(rows[0]) is first
    assert await cache.of_row(rows[1]) is not second


async def test_a_document_larger_than_the_cache_is_kept_alone(definition):
    cache = DefinitionCache(capacity=1)
    only = row(definition, 1)

    assert await cache.of_row(only) is await cache.of_row(only)
