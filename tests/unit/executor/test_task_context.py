"""What tasks are told of their run."""

import pytest

from orquestra.executor.task_context import run_variables, secret_access
from tests.unit.executor.conftest import CONTEXT, TOKEN


def test_tasks_of_a_compute_engine_are_told_what_a_platform_tells():
    told = run_variables(CONTEXT, local_uri=None)

    assert told.variables == {
        "ORQ_CURRENT_CLUSTER": "engine.example.com",
        "ORQ_CURRENT_WORKSPACE": "team",
        "ORQ_CURRENT_PROJECT": "physics",
        "ORQ_CURRENT_USER": "ada@example.com",
    }
    assert (told.token, told.token_variable) == (TOKEN, "ORQUESTRA_PASSPORT_FILE")
    assert secret_access(told).uri == "http://config-service.config-service:8099"


def test_an_address_without_tls_keeps_its_scheme():
    plain = CONTEXT.model_copy(update={"cluster": "http://10.0.0.1:8300"})

    told = run_variables(plain, local_uri=None)

    assert told.variables["ORQ_CURRENT_CLUSTER"] == "http://10.0.0.1:8300"


def test_tasks_of_the_local_runtime_are_told_where_secrets_are_and_nothing_more():
    told = run_variables(CONTEXT, local_uri="http://127.0.0.1:4711")

    assert told.variables == {"ORQ_SECRETS_URI": "http://127.0.0.1:4711"}
    assert told.token_variable == "ORQ_SECRETS_TOKEN_FILE"
    assert secret_access(told).uri == "http://127.0.0.1:4711"


@pytest.mark.parametrize("show", [repr, str])
def test_the_token_is_not_shown(show):
    told = run_variables(CONTEXT, local_uri=None)

    assert TOKEN not in show(told) + show(secret_access(told)) + show(CONTEXT)
