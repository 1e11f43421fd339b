"""Values that are told of, stored again, and handed out."""

import pytest

from orquestra.sdk import buffered_pickles
from orquestra.sdk.schema.cluster import Location, StoredValue, ValueFormat
from orquestra.sdk.values import from_chunks
from tests.unit.engine.conftest import finished, invocation_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def head(submit, head_of):
    return head_of(await submit())


@pytest.fixture
def files(services):
    """The names of the files that lie in the artifact store."""
    folder = services.settings.data / "artifacts"
    return lambda: sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def value_of(user, head):
    """The id and the answer for the only artifact of the run, as its user gets them."""

    async def found() -> tuple[str, dict]:
        listed = (await user.get(f"/api/artifacts?workflowRunId={head.run_id}")).json()["data"]
        (artifact_id,) = [found for (found,) in listed.values()]
        return artifact_id, (await user.get(f"/api/artifacts/{artifact_id}")).json()

    return found


@pytest.fixture
def packed(definition):
    return definition.task_invocations[invocation_of(definition, "load")].output_ids[-1]


async def test_a_value_stored_again_gets_another_place_and_keeps_its_id(
    head, packed, value_of, files
):
    await head.store(packed, b"[1]")
    first_id, _ = await value_of()
    (first_file,) = files()

    await head.store(packed, b"[2, 2]")

    second_id, answer = await value_of()
    assert (second_id, answer["value"]) == (first_id, "[2, 2]")
    assert files() != [first_file]
    assert len(files()) == 1


async def test_a_file_stays_as_long_as_any_value_lies_in_it(head, definition, packed, files):
    other = definition.task_invocations[invocation_of(definition, "solve")].output_ids[-1]
    segment = head.write(b"[1][2]")
    places = [segment._replace(size=3), segment._replace(offset=3, size=3)]
    await head.tell_values([StoredValue(packed, places[0]), StoredValue(other, places[1])])

    await head.store(packed, b"[3]")

    assert segment.file in files()


async def test_a_value_is_exactly_its_part_of_a_segment(head, packed, value_of):
    segment = head.write(b'"before""the value""after"')

    await head.tell_values([StoredValue(packed, segment._replace(offset=8, size=11))])

    _, answer = await value_of()
    assert answer == {"value": '"the value"', "serialization_format": "JSON"}


async def test_what_is_appended_after_a_file_was_taken_over_is_there_too(head, packed, value_of):
    segment = head.write(b"[1]")
    await head.tell_values([StoredValue(packed, segment)])
    with (head.exchange / segment.file).open("ab") as file:
        file.write(b"[2]")

    await head.tell_values([StoredValue(packed, segment._replace(offset=3))])

    _, answer = await value_of()
    assert answer["value"] == "[2]"


async def test_a_pickle_with_buffers_beside_it_is_answered_as_a_plain_one(head, packed, value_of):
    import pickle

    value = {"array": pickle.PickleBuffer(bytearray(range(256)) * 1024)}
    stored = b"".join(buffered_pickles.dump(value).parts())
    # In the middle of a file: ranges count from the beginning of the value.
    segment = head.write(b"x" * 100 + stored, form=ValueFormat.BUFFERED_PICKLE)

    await head.tell_values([StoredValue(packed, segment._replace(offset=100, size=len(stored)))])

    _, answer = await value_of()
    assert answer["serialization_format"] == "ENCODED_PICKLE"
    assert pickle.loads(from_chunks(answer["chunks"])) == {"array": bytearray(range(256)) * 1024}


async def test_an_empty_value_is_a_value(head, packed, value_of):
    await head.store(packed, b"")

    assert (await value_of())[1]["value"] == ""


async def test_results_come_in_the_order_of_the_definition(head, definition, user):
    for output_id in definition.output_ids[:1]:
        await head.store(output_id, b"6")
    await head.tell(1, [finished(head.run_id)])
    query = f"workflowRunId={head.run_id}"
    (result_id,) = (await user.get(f"/api/run-results?{query}")).json()["data"]

    result = (await user.get(f"/api/run-results/{result_id}")).json()

    assert [value["value"] for value in result["results"]] == ["6", '"constant"']


@pytest.mark.parametrize(
    "file",
    ["{run}.worker.99", "other.worker.1", "{run}", "{run}.../../engine.db", "{run}.a b", "", "."],
)
async def test_a_file_that_is_none_of_the_runs_is_refused_and_nothing_is_recorded(
    head, packed, user, files, file
):
    place = Location(file.format(run=head.run_id), 0, 3, ValueFormat.JSON)

    answer = await head.tell_values([StoredValue(packed, place)])

    assert answer.status_code == 400
    assert files() == []
    listed = await user.get(f"/api/artifacts?workflowRunId={head.run_id}")
    assert listed.json()["data"] == {}


async def test_a_value_beyond_the_end_of_its_file_is_refused(head, packed):
    place = head.write(b"[1]")

    answer = await head.tell_values([StoredValue(packed, place._replace(size=4))])

    assert answer.status_code == 400
    assert "fewer than 4 bytes" in answer.json()["detail"]


async def test_an_artifact_that_the_definition_does_not_have_is_refused(head):
    answer = await head.store("no-such-artifact", b"[1]")

    assert answer.status_code == 400
    assert "'no-such-artifact'" in answer.json()["detail"]
