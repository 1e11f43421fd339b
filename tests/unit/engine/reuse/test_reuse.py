"""Results that later runs use again, as heads ask for them."""

import errno

import pytest

from orquestra.sdk.schema.cluster import (
    AttemptsEnded,
    CacheAnswer,
    CacheQuery,
    StoredValue,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import ended, finished, invocation_of

pytestmark = pytest.mark.anyio

KEY = "0" * 64


@pytest.fixture
def solve(definition):
    return invocation_of(definition, "solve")


@pytest.fixture
def outputs(definition, solve):
    """The artifacts of `solve` by their index; its packed one by None."""
    ids = definition.task_invocations[solve].output_ids
    return {definition.artifact_nodes[each].artifact_index: each for each in ids}


@pytest.fixture
def remember(head_of, solve, outputs):
    """Lets a task of a run succeed with a key, and values by their index."""

    async def told(run_id: str, values: dict, *, key: str | None = KEY, **differences) -> list:
        head = head_of(run_id)
        stored = [
            StoredValue(outputs[index], head.write(content)) for index, content in values.items()
        ]
        (ending,) = ended(run_id, solve, State.SUCCEEDED).attempts
        ending = ending._replace(cache_key=key, **differences)
        event = AttemptsEnded(run_id=run_id, attempts=[ending], values=stored)
        assert (await head.tell(1, [event])).status_code == 204
        return [value.location for value in stored]

    return told


@pytest.fixture
def ask(head_of):
    """Asks for results under pairs of a key and the greatest age that counts."""

    async def asked(run_id: str, *keys: tuple) -> list:
        head = head_of(run_id)
        head.exchange.mkdir(parents=True, exist_ok=True)
        query = CacheQuery(keys=keys or [(KEY, None)])
        answer = await head.call("POST", f"runs/{run_id}/cached", content=query.model_dump_json())
        assert answer.status_code == 200, answer.text
        return CacheAnswer.model_validate_json(answer.content).results

    return asked


def read(exchange, location) -> bytes:
    content = (exchange / location.file).read_bytes()
    return content[location.offset : location.offset + location.size]


async def test_a_result_is_found_by_a_later_run_with_all_that_was_stored_of_it(
    submit, remember, ask, head_of
):
    first, second = await submit(), await submit()
    await remember(first, {None: b"[6, 3]", 0: b"6"})

    (found,) = await ask(second)

    exchange = head_of(second).exchange
    assert found.run_id == first
    contents = {value.element: read(exchange, value.location) for value in found.values}
    assert contents == {None: b"[6, 3]", 0: b"6"}
    assert {value.location.format for value in found.values} == {ValueFormat.JSON}


async def test_values_lie_in_files_of_the_run_that_asks_and_can_be_recorded_as_its_own(
    submit, remember, ask, head_of, outputs, user
):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"})
    (found,) = await ask(second)
    (value,) = found.values

    taken = await head_of(second).tell_values([StoredValue(outputs[None], value.location)])

    assert value.location.file.startswith(f"{second}.")
    assert len(value.location.file.split(".")) == 3
    assert taken.status_code == 204
    listed = (await user.get(f"/api/artifacts?workflowRunId={second}")).json()["data"]
    ((artifact,),) = listed.values()
    assert (await user.get(f"/api/artifacts/{artifact}")).json()["value"] == "6"


async def test_asking_twice_gives_the_same_answer(submit, remember, ask):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"})

    assert await ask(second) == await ask(second)


async def test_a_run_may_use_its_own_results_again(submit, remember, ask):
    run_id = await submit()
    (location,) = await remember(run_id, {None: b"6"})

    (found,) = await ask(run_id)

    assert [value.location for value in found.values] == [location]


async def test_what_nobody_has_made_is_not_found(submit, remember, ask):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"})

    nothing, found, also_nothing = await ask(second, ("1" * 64, None), (KEY, None), ("2", None))

    assert (nothing, found.run_id, also_nothing) == (None, first, None)


@pytest.mark.parametrize(
    ("age", "found"), [(0.0, False), (3600.0, True), (1e300, True), (None, True)]
)
async def test_only_results_that_are_young_enough_are_found(submit, remember, ask, age, found):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"})

    (answer,) = await ask(second, (KEY, age))
    assert (answer is not None) is found


async def test_two_questions_with_one_key_and_different_ages_have_two_answers(
    submit, remember, ask
):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"})

    for ages in ((3600.0, 0.0, None), (0.0, None, 3600.0)):
        answers = await ask(second, *((KEY, age) for age in ages))
        assert [answer is not None for answer in answers] == [age != 0.0 for age in ages]


async def test_the_newest_result_counts(submit, remember, ask):
    first, second, third = await submit(), await submit(), await submit()
    await remember(first, {None: b"1"})
    await remember(second, {None: b"2"})

    (found,) = await ask(third)

    assert found.run_id == second


@pytest.mark.parametrize(
    "differences",
    [
        {"key": None},
        {"state": State.FAILED, "final": False},
        # It has used an earlier result itself: that one's age is what counts.
        {"node_id": None},
    ],
)
async def test_what_is_no_new_success_is_not_remembered(submit, remember, ask, differences):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"}, **differences)

    assert await ask(second) == [None]


async def test_a_success_without_values_is_not_remembered(submit, remember, ask):
    first, second = await submit(), await submit()
    await remember(first, {})

    assert await ask(second) == [None]


async def test_results_never_pass_from_one_owner_to_another(submit, remember, ask, user, services):
    mine = await submit()
    await remember(mine, {None: b"6"})
    user.headers["Authorization"] = f"Bearer {services.tokens.issue('eve')}"
    hers = await submit()

    assert await ask(hers) == [None]
    await remember(hers, {None: b"7"})

    user.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
    (found,) = await ask(await submit())
    assert found.run_id == mine


async def test_a_result_of_which_a_file_is_gone_is_not_found(submit, remember, ask, services):
    first, second = await submit(), await submit()
    whole, _ = await remember(first, {None: b"[6, 3]", 0: b"6"})
    services.artifacts.delete(first, [whole.file])

    assert await ask(second) == [None]


async def test_a_result_outlives_its_run_in_the_exchange(submit, remember, ask, head_of):
    first, second = await submit(), await submit()
    (location,) = await remember(first, {None: b"6"})
    await head_of(first).tell(2, [finished(first)])
    (head_of(first).exchange / location.file).unlink()

    (found,) = await ask(second)
    assert found.run_id == first


async def test_dry_runs_neither_leave_results_nor_get_any(submit, user, remember, ask):
    real, other = await submit(), await submit()
    definition_id = (await user.get(f"/api/workflow-runs/{real}")).json()["data"]["definitionId"]
    created = await user.post(
        "/api/workflow-runs", json={"workflowDefinitionID": definition_id, "dryRun": True}
    )
    dry = created.json()["data"]["id"]

    await remember(dry, {None: b"6"})
    assert await ask(other) == [None]
    await remember(real, {None: b"6"})
    (found,) = await ask(other)
    assert found.run_id == real
    assert await ask(dry) == [None]


async def test_a_run_that_is_over_and_one_of_others_are_told_nothing(submit, head_of, user):
    over, other = await submit(), await submit()
    await user.post(f"/api/workflow-runs/{over}/terminate")
    query = CacheQuery(keys=[(KEY, None)]).model_dump_json()

    assert (
        await head_of(over).call("POST", f"runs/{over}/cached", content=query)
    ).status_code == 410
    foreign = await head_of(other).call("POST", f"runs/{over}/cached", content=query)
    assert foreign.status_code == 410
    empty = await head_of(other).call("POST", f"runs/{other}/cached", content=b"{}")
    assert empty.status_code == 400


async def test_a_task_that_writes_to_what_its_run_was_lent_changes_nothing_else(
    submit, remember, ask, head_of, user
):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"})
    (found,) = await ask(second)
    (value,) = found.values

    (head_of(second).exchange / value.location.file).write_bytes(b"7")

    (again,) = await ask(await submit())
    assert again.run_id == first
    ((artifact,),) = (
        (await user.get(f"/api/artifacts?workflowRunId={first}")).json()["data"].values()
    )
    assert (await user.get(f"/api/artifacts/{artifact}")).json()["value"] == "6"


async def test_what_there_is_no_room_for_is_not_found(submit, remember, ask, monkeypatch, caplog):
    first, second = await submit(), await submit()
    await remember(first, {None: b"6"})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.copy_file_range", full)

    assert await ask(second) == [None]
    assert "No space left" in caplog.text
