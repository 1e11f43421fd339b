import pydantic
import pytest

from orquestra.sdk.schema import responses
from orquestra.sdk.schema.responses import ResponseFormat, ResponseStatusCode

EXIT_CODES = {
    "UNKNOWN_ERROR": -1,
    "OK": 0,
    "PERMISSION_ERROR": 1,
    "NOT_FOUND": 2,
    "NOT_A_DIRECTORY": 3,
    "PROJECT_EXISTS": 4,
    "INVALID_PROJECT": 5,
    "INVALID_TASK_DEF": 6,
    "INVALID_WORKFLOW_DEF": 7,
    "INVALID_WORKFLOW_DEFS_SYNTAX": 8,
    "INVALID_WORKFLOW_RUN": 9,
    "WORKFLOW_RUN_NOT_FOUND": 10,
    "CONNECTION_ERROR": 11,
    "UNAUTHORIZED": 12,
    "SERVICES_ERROR": 13,
    "INVALID_CLI_COMMAND_ERROR": 14,
    "USER_CANCELLED": 15,
}


def test_the_exit_codes_are_those_of_release_1_1():
    assert {code.name: code.value for code in ResponseStatusCode} == EXIT_CODES


def test_the_formats_are_text_and_json_and_text_is_the_default():
    assert (ResponseFormat("text"), ResponseFormat("json")) == (
        ResponseFormat.PLAIN_TEXT,
        ResponseFormat.JSON,
    )
    assert ResponseFormat.DEFAULT is ResponseFormat.PLAIN_TEXT


@pytest.mark.parametrize(
    ("document", "model"),
    [
        ({"value": "1", "serialization_format": "JSON"}, responses.JSONResult),
        ({"chunks": ["a"], "serialization_format": "ENCODED_PICKLE"}, responses.PickleResult),
    ],
)
def test_a_result_is_read_by_its_format(document, model):
    result = pydantic.TypeAdapter(responses.WorkflowResult).validate_python(document)

    assert type(result) is model
    assert result.model_dump() == document


def test_results_of_a_run_name_their_shape():
    results = responses.ComputeEngineWorkflowResult(results=[responses.JSONResult(value="1")])

    assert results.model_dump(mode="json") == {
        "results": [{"value": "1", "serialization_format": "JSON"}],
        "type": "ComputeEngineWorkflowResult",
    }


def test_a_command_and_a_service_are_told_with_these_fields():
    metadata = responses.ResponseMetadata(success=True, code=0, message="done")
    service = responses.ServiceResponse(name="Ray", is_running=True, info=None)

    assert metadata.code is ResponseStatusCode.OK
    assert service.model_dump() == {"name": "Ray", "is_running": True, "info": None}
