"""A new key comes and the old one goes, whoever is stopped and whatever is written meanwhile."""

import asyncio
import base64
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from orquestra.engine.database.tables import Secret
from orquestra.engine.errors import ConfigurationError, SecretLocked
from orquestra.engine.occupancy import sole_use
from orquestra.engine.secrets import rotation, service, store
from orquestra.engine.secrets.encryption import key_id
from orquestra.engine.secrets.key_source import KeySource
from tests.unit.engine.secrets.conftest import SECRETS, VALUE, changed, new

pytestmark = pytest.mark.anyio

NAMES = ["a", "b", "c"]
FIRST, SECOND = (base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2))


def source(services, variable: str) -> KeySource:
    """Where a shell with that variable finds the keys of the engine's data."""
    environment = {"ORQUESTRA_SECRETS_KEY": variable}
    return KeySource(services.folder.keys, environment=environment)


@pytest.fixture
async def filled(user):
    for name in NAMES:
        await user.post(SECRETS, json=new(name, f"{VALUE} {name}"))


async def values(user, names=NAMES) -> list[str]:
    answers = [await user.get(f"{SECRETS}/{name}") for name in names]
    return [answer.json()["data"]["details"]["value"] for answer in answers]


async def rotate(services, keys=None):
    keys = keys or services.secret_keys
    return await asyncio.to_thread(rotation.rotate, services.folder, keys)


async def test_all_secrets_get_a_new_key_and_the_old_one_is_dropped(services, user, filled):
    (old,) = services.secret_keys.read().ids

    done = await rotate(services)

    (key,) = services.secret_keys.read().ids
    assert (done.secrets, done.key_id) == (3, key)
    assert key != old
    assert await values(user) == [f"{VALUE} {name}" for name in NAMES]
    async with services.database.reading() as session:
        assert {(await session.get(Secret, ("ada", name))).key_id for name in NAMES} == {key}


async def test_an_engine_without_secrets_gets_its_first_key(services, user):
    done = await rotate(services)

    assert done.secrets == 0
    await user.post(SECRETS, json=new("a"))
    assert services.secret_keys.read().ids == (done.key_id,)


class Stop(BaseException):
    """The process is killed."""


def stop(*_) -> None:
    raise Stop


@pytest.mark.parametrize("step", range(6))
async def test_a_rotation_that_is_killed_loses_nothing_and_can_begin_again(
    services, user, filled, monkeypatch, step
):
    """Killed before and after each thing that it does: two writes of the file, the transaction."""
    calls = iter(range(6))

    def stopping(act):
        def stopped(*args, **options):
            if next(calls) == step:
                raise Stop
            result = act(*args, **options)
            if next(calls) == step:
                raise Stop
            return result

        return stopped

    with monkeypatch.context() as patch:
        patch.setattr(KeySource, "replace", stopping(KeySource.replace))
        patch.setattr(rotation, "_encrypt_anew", stopping(rotation._encrypt_anew))
        with pytest.raises(Stop):
            await rotate(services)

    assert await values(user) == [f"{VALUE} {name}" for name in NAMES]
    await user.post(SECRETS, json=new("d", f"{VALUE} d"))
    await rotate(services)
    assert await values(user, [*NAMES, "d"]) == [f"{VALUE} {name}" for name in [*NAMES, "d"]]
    assert len(services.secret_keys.read().ids) == 1
    left = {path.name for path in services.folder.keys.iterdir()}
    assert left == {"secret.key", "secrets.key", "rotation.lock"}


async def test_a_rotation_that_was_killed_while_it_wrote_leaves_no_key_for_ever(
    services, filled, monkeypatch
):
    keys = services.secret_keys.path.parent
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", stop)
        patch.setattr("pathlib.Path.unlink", lambda *_, **__: None)  # it has no time to clean up
        with pytest.raises(Stop):
            await rotate(services)
    assert len(list(keys.glob(".secrets.key.*"))) == 1

    await rotate(services)

    assert {path.name for path in keys.iterdir()} == {"secret.key", "secrets.key", "rotation.lock"}


async def test_what_is_read_and_written_meanwhile_is_kept(services, user, filled):
    done = asyncio.Event()

    async def rotating() -> None:
        for _ in range(4):
            await rotate(services)
        done.set()

    async def using() -> list[str]:
        number = 0
        while not done.is_set():
            number += 1
            await user.post(f"{SECRETS}/a", json=changed(str(number)))
            assert await values(user, ["a", "b"]) == [str(number), f"{VALUE} b"]
        return str(number)

    rotations = asyncio.create_task(rotating())
    last = await using()
    await rotations

    assert await values(user) == [last, f"{VALUE} b", f"{VALUE} c"]


async def test_a_secret_whose_key_is_gone_stops_it_before_anything_changes(
    services, user, filled, tmp_path
):
    lost = tmp_path / "lost"
    services.secret_keys.path.rename(lost)
    await user.post(SECRETS, json=new("d"))
    before = services.secret_keys.path.read_bytes()

    with pytest.raises(SecretLocked, match="encrypted with the key"):
        await rotate(services)

    assert services.secret_keys.path.read_bytes() == before


async def test_an_engine_that_has_its_key_in_its_environment_gets_none_in_a_file(
    services, user, monkeypatch
):
    """The command's shell has no key, and the engine would seal with another one ever after."""
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", FIRST)
    await user.post(SECRETS, json=new("a"))

    with pytest.raises(SecretLocked, match="encrypted with the key"):
        await rotate(services, source(services, ""))

    assert not services.secret_keys.path.exists()
    assert await values(user, ["a"]) == [VALUE]


@pytest.mark.parametrize("order", ["before", "after"])
async def test_a_secret_is_read_whose_key_goes_while_it_is_looked_up(
    services, user, filled, monkeypatch, order
):
    look_up = store.get

    async def rotated_meanwhile(session, workspace_id, name):
        if order == "before":
            await rotate(services)
        found = await look_up(session, workspace_id, name)
        if order == "after":
            await rotate(services)
        return found

    monkeypatch.setattr(store, "get", rotated_meanwhile)

    assert await values(user, ["a"]) == [f"{VALUE} a"]


async def test_no_first_key_that_the_engine_makes_meanwhile_is_lost(services, monkeypatch):
    replace = KeySource.replace

    def replaced(keys, new):
        monkeypatch.setattr(KeySource, "replace", replace)
        made = services.secret_keys.read_or_make()
        replace(keys, new)
        assert set(made.ids) <= set(keys.read().ids)

    monkeypatch.setattr(KeySource, "replace", replaced)

    await rotate(services)


async def test_two_rotations_take_turns(services, user, filled, monkeypatch):
    encrypt_anew, check_keys = rotation._encrypt_anew, rotation._check_keys
    begun, threads = threading.Event(), ThreadPoolExecutor(max_workers=1)
    others = []

    def begin(folder, source):
        begun.set()
        check_keys(folder, source)

    def held(folder, keys):
        monkeypatch.setattr(rotation, "_encrypt_anew", encrypt_anew)
        monkeypatch.setattr(rotation, "_check_keys", begin)
        others.append(threads.submit(rotation.rotate, folder, services.secret_keys))
        assert not begun.wait(0.2)
        return encrypt_anew(folder, keys)

    monkeypatch.setattr(rotation, "_encrypt_anew", held)
    with threads:
        first = await rotate(services)
        (second,) = [await asyncio.wrap_future(other) for other in others]

    assert (first.secrets, second.secrets) == (3, 3)
    assert services.secret_keys.read().ids == (second.key_id,)
    assert await values(user) == [f"{VALUE} {name}" for name in NAMES]


async def test_a_secret_that_was_tampered_with_is_named_and_all_stay_readable(
    services, user, filled
):
    async with services.database.writing() as session:
        (await session.get(Secret, ("ada", "b"))).ciphertext = bytes(40)

    with pytest.raises(SecretLocked, match="It is 'b' of the workspace 'ada'"):
        await rotate(services)

    assert await values(user, ["a", "c"]) == [f"{VALUE} a", f"{VALUE} c"]


async def test_keys_of_the_environment_are_changed_there_and_take_over_from_the_file(
    services, user, filled
):
    assert (await rotate(services, source(services, FIRST))).secrets == 3
    shutil.move(services.secret_keys.path, services.folder.root / "no-longer-needed")
    done = await rotate(services, source(services, f"{SECOND},{FIRST}"))

    assert done.secrets == 3
    source(services, SECOND).check([done.key_id])
    assert not services.secret_keys.path.exists()
    assert (await rotate(services, source(services, SECOND))).secrets == 0


@pytest.mark.parametrize("variable", ["", FIRST], ids=["none", "another one"])
async def test_a_key_that_the_running_engine_does_not_know_is_refused(
    services, user, filled, monkeypatch, variable
):
    """Else all secrets would be encrypted with a key of the administrator's shell alone."""
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", variable)
    keys = services.secret_keys.path.read_bytes()

    with sole_use(services.folder):
        await service.tell_of_keys(services)
        with pytest.raises(ConfigurationError, match="not started with the first key of"):
            await rotate(services, source(services, f"{SECOND},{FIRST}"))

    assert services.secret_keys.path.read_bytes() == keys
    assert await values(user) == [f"{VALUE} {name}" for name in NAMES]


async def test_a_key_that_the_running_engine_was_started_with_is_used(
    services, user, filled, monkeypatch
):
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", f"{FIRST},{SECOND}")

    with sole_use(services.folder):
        await service.tell_of_keys(services)
        assert (await rotate(services, source(services, SECOND))).secrets == 3

    assert await values(user) == [f"{VALUE} {name}" for name in NAMES]
    told = [path.read_text() for path in services.folder.runtime.iterdir() if path.is_file()]
    assert any(key_id(bytes([2] * 32)) in text for text in told)
    assert not any(key in text for text in told for key in (FIRST, SECOND))


async def test_what_an_earlier_engine_knew_does_not_count(services, filled, monkeypatch):
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", FIRST)
    with monkeypatch.context() as patch:
        patch.setattr("os.getpid", lambda: 1)
        await service.tell_of_keys(services)

    # The next one has begun, and told nothing yet.
    with sole_use(services.folder), pytest.raises(ConfigurationError, match="not started with"):
        await rotate(services, source(services, FIRST))
    assert (await rotate(services, source(services, FIRST))).secrets == 3


async def test_an_engine_without_keys_in_its_environment_leaves_no_file(services, monkeypatch):
    before = set(services.folder.runtime.iterdir())
    with monkeypatch.context() as patch:
        patch.setenv("ORQUESTRA_SECRETS_KEY", FIRST)
        await service.tell_of_keys(services)

    await service.tell_of_keys(services)

    assert set(services.folder.runtime.iterdir()) == before
