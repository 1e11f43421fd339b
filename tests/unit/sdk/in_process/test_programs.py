"""The table of programs, executed in process: in this one, and in one without the programs."""

import json
import subprocess
import sys

import pytest
from pydantic import TypeAdapter

from orquestra import sdk
from orquestra.sdk.schema import responses
from orquestra.sdk.values import deserialize, from_wire
from tests.programs import failures
from tests.programs.outcome import Outcome, run_in_process
from tests.programs.table import FAILING, PROGRAMS, together

_RESULTS = TypeAdapter(list[list[responses.JSONResult | responses.PickleResult]])
_ELSEWHERE = """
import json, sys, warnings
from orquestra import sdk
from orquestra.sdk.schema.ir import WorkflowDef

warnings.simplefilter("ignore", sdk.exceptions.UnsupportedRuntimeFeature)
results = []
shown, sys.stdout = sys.stdout, sys.stderr
for document in json.load(sys.stdin):
    definition = WorkflowDef.model_validate(document)
    run = sdk.WorkflowRun.start_from_ir(definition, "in_process")
    results.append([result.model_dump() for result in run.get_results_serialized()])
json.dump(results, shown)
"""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_gives_what_plain_python_would(program):
    if not program.can_run():
        pytest.skip(f"{program.needs} is not installed here")

    assert run_in_process(program.definition()).get_results() == program.gives


@pytest.mark.parametrize("program", FAILING, ids=lambda program: program.name)
def test_a_program_fails_with_the_reason_in_words(program):
    outcome = Outcome.of(run_in_process(program.definition()))

    assert (outcome.state, outcome.message) == (sdk.State.FAILED, program.fails)


def test_the_logs_of_a_result_that_cannot_be_kept_tell_the_users_part_of_it():
    definition = failures.a_result_cannot_be_pickled()

    written = Outcome.of(run_in_process(definition)).written

    assert written["invocation-1-task-generated"] == (
        [],
        ["Traceback (most recent call last):", "TypeError: cannot pickle 'generator' object"],
    )


def test_programs_give_the_same_together():
    programs = [program for program in PROGRAMS if program.can_run()]

    together_given = run_in_process(together(programs)).get_results()

    alone = [run_in_process(program.definition()).get_results() for program in programs]
    assert together_given == tuple(
        output
        for program, given in zip(programs, alone, strict=True)
        for output in (given if len(program.outputs()) > 1 else [given])
    )


def test_programs_run_where_their_module_is_not(tmp_path):
    programs = [each for each in PROGRAMS if each.can_run() and not each.needs]
    definitions = [each.definition().model.model_dump(mode="json") for each in programs]

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _ELSEWHERE],
        input=json.dumps(definitions),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    results = [[*map(_value, each)] for each in _RESULTS.validate_json(done.stdout)]
    assert {p.name: _one_or_all(r) for p, r in zip(programs, results, strict=True)} == {
        program.name: program.gives for program in programs
    }


def _value(document):
    return deserialize(from_wire(document))


def _one_or_all(results):
    return results[0] if len(results) == 1 else tuple(results)
