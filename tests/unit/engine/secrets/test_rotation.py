"""A new key comes and the old one goes, whoever is stopped and whatever is written meanwhile."""

import asyncio
import base64
import shutil

import pytest

from orquestra.engine.database.tables import Secret
from orquestra.engine.errors import SecretLocked
from orquestra.engine.secrets import rotation
from orquestra.engine.secrets.key_source import KeySource
from tests.unit.engine.secrets.conftest import SECRETS, VALUE, changed, new

pytestmark = pytest.mark.anyio

NAMES = ["a", "b", "c"]


@pytest.fixture
async def filled(user):
    for name in NAMES:
        await user.post(SECRETS, json=new(name, f"{VALUE} {name}"))


async def values(user, names=NAMES) -> list[str]:
    answers = [await user.get(f"{SECRETS}/{name}") for name in names]
    return [answer.json()["data"]["details"]["value"] for answer in answers]


async def rotate(services, source=None):
    source = source or services.secret_keys
    return await asyncio.to_thread(rotation.rotate, services.folder, source)


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
    first, second = (base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2))
    folder = services.folder

    def of(variable: str) -> KeySource:
        return KeySource(folder.keys, environment={"ORQUESTRA_SECRETS_KEY": variable})

    assert (await rotate(services, of(first))).secrets == 3
    shutil.move(services.secret_keys.path, folder.root / "no-longer-needed")
    done = await rotate(services, of(f"{second},{first}"))

    assert done.secrets == 3
    of(second).check([done.key_id])
    assert not services.secret_keys.path.exists()
    assert (await rotate(services, of(second))).secrets == 0
