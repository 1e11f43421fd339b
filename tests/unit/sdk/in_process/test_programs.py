"""The table of programs, executed in process: in this one, and in one without the programs."""

import json
import subprocess
import sys

import pytest
from pydantic import TypeAdapter

from orquestra.sdk.schema import responses
from orquestra.sdk.values import deserialize, from_wire
from tests.programs import PROGRAMS

_RESULTS = TypeAdapter(list[list[responses.JSONResult | responses.PickleResult]])
_ELSEWHERE = """
import json, sys
from orquestra import sdk
from orquestra.sdk.schema.ir import WorkflowDef

results = []
for document in json.load(sys.stdin):
    definition = WorkflowDef.model_validate(document)
    run = sdk.WorkflowRun.start_from_ir(definition, "in_process")
    results.append([result.model_dump() for result in run.get_results_serialized()])
json.dump(results, sys.stdout)
"""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_gives_what_plain_python_would(program):
    if not program.can_run():
        pytest.skip(f"{program.needs} is not installed here")

    assert program.workflow().run("in_process").get_results() == program.gives


def test_programs_run_where_their_module_is_not(tmp_path):
    programs = [each for each in PROGRAMS if each.can_run() and not each.needs]
    definitions = [each.workflow().model.model_dump(mode="json") for each in programs]

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
