"""What tasks find where they run: whom their run belongs to, and secrets."""

import hashlib
import os
import uuid
from pathlib import Path

import pytest

from orquestra import sdk
from orquestra.sdk.compute_engine.secret_store import SecretStore

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]

PLATFORM = ("ORQ_CURRENT_CLUSTER", "ORQ_CURRENT_WORKSPACE", "ORQ_CURRENT_PROJECT")


@pytest.fixture
def place(either_place):
    return either_place


def digest(value):
    return hashlib.sha256(value.encode()).hexdigest()


@sdk.task(dependency_imports=[])
def look(key, *, keys, name):
    """Nothing here gives or writes the value itself."""
    import subprocess

    made = f"{name}-made"
    sdk.secrets.set(made, "by a task")
    sdk.secrets.set(made, sdk.secrets.get(made) + ", twice")
    variable = os.environ.get("ORQ_SECRETS_TOKEN_FILE") or os.environ["ORQUESTRA_PASSPORT_FILE"]
    file = Path(variable)
    return {
        "where": tuple(sdk.current_exec_ctx()),
        "user": os.environ.get("ORQ_CURRENT_USER"),
        "child": subprocess.check_output(["sh", "-c", "echo $ORQ_CURRENT_PROJECT"], text=True),
        "values": [digest(each) for each in (key, *keys, sdk.secrets.get(name))],
        "names": [each for each in sdk.secrets.list() if each.startswith(name)],
        "token": (oct(file.stat().st_mode & 0o777), file.read_text().count(".")),
    }


@sdk.task(retries=1)
def need(key):
    return len(key)


@sdk.task
def measure(key):
    return len(key)


@sdk.workflow(resources=sdk.Resources(nodes=1))
def reading(name):
    key = sdk.Secret(name)
    return look(key, keys=[key, sdk.secrets.get(name)], name=name), sdk.map(measure, [key, key])


@sdk.workflow(resources=sdk.Resources(nodes=1))
def missing(name):
    return need(sdk.Secret(name))


def test_tasks_read_and_set_secrets_and_the_engine_keeps_them_to_itself(place, config, finish):
    store = SecretStore(config, workspace_id=None)
    name, value = f"key-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    store.set(name, value)

    run, failing = reading(name).run(config), missing(f"{name}-not").run(config)
    status, failed = finish(run), finish(failing)

    assert status.status.state is sdk.State.SUCCEEDED, status.message
    seen, lengths = run.get_results()
    assert seen["values"] == [digest(value)] * 4
    assert lengths == [len(value)] * 2
    assert seen["names"] == [name, f"{name}-made"]
    assert store.get(f"{name}-made") == "by a task, twice"
    assert seen["token"] == ("0o600", 2)
    if place.engine.local:
        assert (seen["where"], seen["user"], seen["child"]) == (("ray", None, None), None, "\n")
    else:
        assert seen["where"] == ("127", "ada", "default")
        assert (seen["user"], seen["child"]) == ("ada", "default\n")

    assert failed.status.state is sdk.State.FAILED
    assert f"orq secret set {name}-not" in failed.message
    assert "(tried 2 times)" in failed.message

    files = [path for path in place.engine.data.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if value.encode() in path.read_bytes()]
