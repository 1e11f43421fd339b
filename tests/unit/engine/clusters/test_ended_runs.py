"""Values of runs that end while their files are taken over."""

import pytest

from orquestra.engine.database.tables import Run
from orquestra.engine.errors import BadRequest
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import ended, finished, invocation_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def head(submit, head_of):
    return head_of(await submit())


@pytest.fixture
def gone(services, monkeypatch):
    """The files of the exchange are gone when they are looked for."""

    def adopt(*_, **__):
        raise BadRequest("There is no such file.")

    monkeypatch.setattr(services.artifacts, "adopt", adopt)


@pytest.mark.usefixtures("gone")
async def test_files_that_are_missing_are_an_error_while_the_run_executes(head, definition):
    packed = definition.task_invocations[invocation_of(definition, "load")].output_ids[-1]

    assert (await head.store(packed, b"[1]")).status_code == 400


async def test_files_of_a_run_that_has_ended_meanwhile_are_not_missed(
    head, definition, services, monkeypatch
):
    packed = definition.task_invocations[invocation_of(definition, "load")].output_ids[-1]
    executing = services.definitions.of_run

    async def and_ends(session, run):
        found = await executing(session, run)
        async with services.database.writing() as writing:
            (await writing.get_one(Run, run.id)).executing = False
        return found

    def adopt(*_, **__):
        raise BadRequest("There is no such file.")

    monkeypatch.setattr(services.artifacts, "adopt", adopt)
    monkeypatch.setattr(services.definitions, "of_run", and_ends)

    assert (await head.store(packed, b"[1]")).status_code == 204


async def test_what_is_told_after_the_end_needs_no_files(head, definition):
    load = invocation_of(definition, "load")
    await head.tell(1, [finished(head.run_id)])

    answer = await head.tell(2, [ended(head.run_id, load, State.SUCCEEDED)])

    assert answer.status_code in (204, 410)
