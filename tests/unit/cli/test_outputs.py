"""Outputs as documents."""

import json

import pytest

from orquestra.cli import outputs
from orquestra.sdk.values import serialize


@pytest.mark.parametrize("number", [float("nan"), float("inf"), [1, float("-inf")]])
def test_a_number_that_json_does_not_have_is_shown_as_text_only(number):
    document = outputs.describe(serialize(number), 0)

    assert "value" not in document
    assert document["text"] == repr(number)
    json.dumps(document, allow_nan=False)


def test_what_is_json_is_there_as_a_value():
    assert outputs.describe(serialize({"loss": [0.5, None]}), 0)["value"] == {"loss": [0.5, None]}
