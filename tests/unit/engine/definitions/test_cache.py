import pytest

from orquestra.engine.definitions.cache import DefinitionCache, ParsedDefinition

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ids(user, definition):
    """The ids of four stored definitions."""
    body = definition.model_dump_json()
    stored = [await user.post("/api/workflow-definitions", content=body) for _ in range(4)]
    return [answer.json()["data"]["id"] for answer in stored]


@pytest.fixture
def get(services):
    async def got(cache: DefinitionCache, definition_id: str) -> ParsedDefinition:
        async with services.database.reading() as session:
            return await cache.get(session, definition_id)

    return got


async def test_what_is_kept_is_bounded_by_the_size_of_the_documents(definition, ids, get):
    cache = DefinitionCache(capacity=3 * len(definition.model_dump_json().encode()))
    first, second, *_ = [await get(cache, each) for each in ids[:3]]
    assert await get(cache, ids[0]) is first

    await get(cache, ids[3])

    assert await get(cache, ids[0]) is first
    assert await get(cache, ids[1]) is not second


async def test_a_document_larger_than_the_cache_is_kept_alone(ids, get):
    cache = DefinitionCache(capacity=1)

    assert await get(cache, ids[0]) is await get(cache, ids[0])


async def test_a_definition_is_parsed_once_for_itself_and_its_first_run(submit, monkeypatch):
    def parse_again(_document):
        raise AssertionError

    monkeypatch.setattr("orquestra.engine.definitions.cache._parse", parse_again)

    assert await submit()
