"""Values that are stored more than once, and at once."""

import asyncio

import pytest

from orquestra.engine.artifacts import service
from orquestra.engine.database.tables import Artifact

pytestmark = pytest.mark.anyio


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
def files(services, run_id):
    """The names of the files that lie in the artifact store."""
    folder = services.settings.data / "artifacts"
    return lambda: [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def value_of(user, run_id):
    """The id and the text of the only artifact of the run, as its user gets them."""

    async def found() -> tuple[str, str]:
        listed = (await user.get(f"/api/artifacts?workflowRunId={run_id}")).json()["data"]
        (artifact_id,) = [found for (found,) in listed.values()]
        return artifact_id, (await user.get(f"/api/artifacts/{artifact_id}")).json()["value"]

    return found


@pytest.fixture
def packed(definition):
    (load,) = (key for key in definition.task_invocations if key.endswith("load"))
    return definition.task_invocations[load].output_ids[-1]


async def test_a_value_stored_again_replaces_the_first_and_keeps_its_id(
    head_of, run_id, packed, value_of, files
):
    head = head_of(run_id)
    await head.store(packed, b"[1]")
    first_id, _ = await value_of()
    first_files = files()

    await head.store(packed, b"[2, 2]")

    assert await value_of() == (first_id, "[2, 2]")
    assert len(files()) == 1
    assert files() != first_files


async def test_values_stored_at_once_leave_one_of_them_whole(
    head_of, run_id, packed, value_of, files
):
    head = head_of(run_id)
    values = [f"[{number}]" * (number + 1) for number in range(8)]

    answers = await asyncio.gather(*(head.store(packed, value.encode()) for value in values))

    assert [answer.status_code for answer in answers] == [204] * 8
    _, stored = await value_of()
    assert stored in values
    assert len(files()) == 1


async def test_a_value_whose_sender_goes_away_changes_nothing(
    services, head_of, run_id, packed, value_of, files
):
    await head_of(run_id).store(packed, b"[1]")
    before = await value_of(), files()

    async def broken():
        yield b"[2"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await put(services, run_id, packed, content=broken())

    assert (await value_of(), files()) == before


async def test_a_value_that_cannot_be_recorded_leaves_no_file(services, run_id, packed, files):
    async with services.database.writing() as session:
        connection = await session.connection()
        await connection.run_sync(Artifact.__table__.drop)

    async def content():
        yield b"[2]"

    with pytest.raises(Exception, match="no such table"):
        await put(services, run_id, packed, content=content())

    assert files() == []


async def put(services, run_id: str, packed: str, *, content) -> None:
    async with services.database.reading() as session:
        run = await service.runs.get(session, run_id)
        definition = await services.definitions.of_run(session, run)
    await service.put(
        services,
        run_id,
        artifact_node_id=packed,
        value_format="JSON",
        content=content,
        definition=definition,
    )
