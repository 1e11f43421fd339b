"""An engine whose keys are gone: it goes on, and says what is missing."""

import pytest

from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.process.apps import public_app
from orquestra.engine.secrets import service
from orquestra.engine.testing import memory_engine
from tests.unit.engine.conftest import client_of
from tests.unit.engine.secrets.conftest import SECRETS, VALUE, changed, new

pytestmark = pytest.mark.anyio


@pytest.fixture
async def locked(tmp_path):
    """An engine with a secret whose key is gone."""
    async with (
        memory_engine(tmp_path, catalogue=MemoryCatalogue()) as services,
        client_of(public_app(services)) as user,
    ):
        user.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
        await user.post(SECRETS, json=new("token"))
        services.secret_keys.path.rename(tmp_path / "elsewhere")
        yield user, services, tmp_path / "elsewhere"


async def test_the_missing_key_is_named(locked):
    user, _services, _file = locked

    answer = await user.get(f"{SECRETS}/token")

    assert answer.status_code == 409
    assert answer.json()["error"] == "secret_locked"
    assert "administrator can put a key back" in answer.json()["detail"]


async def test_nothing_of_keys_is_told_to_who_has_no_right(locked):
    user, services, _file = locked
    services.secret_keys.path.write_text("no key")

    assert (await user.get(f"{SECRETS}/token")).status_code == 409
    answer = await user.get(f"{SECRETS}/zri:v1::0:eve:secret:token")

    assert answer.status_code == 403


async def test_the_log_names_it_when_the_engine_starts(locked, caplog):
    _user, services, file = locked

    await service.tell_of_keys(services)

    (record,) = caplog.records
    assert (record.event, record.levelname) == ("secrets_locked", "ERROR")
    assert "which is neither in the file secrets.key" in record.message
    caplog.clear()
    file.rename(services.secret_keys.path)
    await service.tell_of_keys(services)
    assert caplog.records == []


async def test_a_lost_value_is_set_again(locked):
    user, _services, _file = locked

    assert (await user.get(SECRETS)).json() == {"data": [{"name": "token"}]}
    assert (await user.post(f"{SECRETS}/token", json=changed("other"))).status_code == 200
    assert (await user.get(f"{SECRETS}/token")).json()["data"]["details"]["value"] == "other"


async def test_a_key_that_comes_back_counts_at_once(locked):
    user, services, file = locked
    await user.post(SECRETS, json=new("second", "new"))
    with services.secret_keys.path.open("ab") as keys:
        keys.write(file.read_bytes())

    values = [
        (await user.get(f"{SECRETS}/{name}")).json()["data"]["details"]["value"]
        for name in ("token", "second")
    ]

    assert values == [VALUE, "new"]


async def test_a_file_that_holds_no_key_is_told_and_nothing_is_written_over_it(locked):
    user, services, _file = locked
    services.secret_keys.path.write_text("no key")

    for answer in (
        await user.get(f"{SECRETS}/token"),
        await user.post(SECRETS, json=new("second")),
        await user.post(f"{SECRETS}/token", json=changed("other")),
    ):
        assert answer.status_code == 409
        assert "is no key" in answer.json()["detail"]
    assert services.secret_keys.path.read_text() == "no key"
