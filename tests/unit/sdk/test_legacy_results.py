"""Results of earlier releases, as they lie on old Compute Engines."""

import json
import pickle
from pathlib import Path

import pytest

from orquestra.sdk.compute_engine.client import ComputeEngineClient
from orquestra.sdk.compute_engine.runtime import ComputeEngine
from orquestra.sdk.stored_values import read_value

DATA = Path(__file__).parents[2] / "data" / "results-legacy"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("v0.46.0_json", (100, "json_string")),
        ("v0.46.0_json-single", (100,)),
        ("v0.46.0_pickle", (100, "pickled_string")),
        ("v0.46.0_pickle-single", ("pickled_string",)),
        ("v0.47.0_mixed", (100, "pickled_string")),
        ("v0.47.0_single", ("pickled_string",)),
    ],
)
def test_results_of_old_engines_are_read(engine, name, values):
    body = json.loads((DATA / f"{name}.json").read_text())
    engine.answers("GET /api/run-results/x", body)
    found = ComputeEngine(ComputeEngineClient(engine.config)).results("r1", result_id="x")

    assert tuple(read_value(result, what=name) for result in found) == values


def test_a_result_of_release_1_1_names_a_class_that_is_still_there():
    pickled = (
        b"\x80\x04corquestra.sdk._ray._build_workflow\nTaskResult\n"
        b"(X\x01\x00\x00\x00pX\x01\x00\x00\x00ut\x81."
    )

    result = pickle.loads(pickled)

    assert result == ("p", "u")
    assert (result.packed, result.unpacked) == ("p", "u")
