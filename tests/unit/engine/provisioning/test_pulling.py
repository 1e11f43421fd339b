import asyncio
import threading

import docker
import pytest

from orquestra.engine.provisioning.container_engine import ContainerEngine
from orquestra.engine.provisioning.pulling import ImagePuller, is_on_this_machine

ENGINE = ContainerEngine(kind="docker", url="unix:///nowhere.sock")
IMAGE = "registry.example/image@sha256:0"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("127.0.0.1:5000/a/b@sha256:0", True),
        ("127.8.8.8:80/a", True),
        ("localhost:5000/a", True),
        ("[::1]:5000/a", True),
        ("localhost/a", False),
        ("10.0.0.1:5000/a", False),
        ("registry.example:5000/localhost/a", False),
        ("ubuntu:24.04", False),
    ],
)
def test_plain_http_is_for_loopback_addresses_only(image, expected):
    assert is_on_this_machine(image) is expected


class SlowEngine:
    """A container engine whose pulls, all or those of some images, last until `finish`."""

    def __init__(self, *, error=None, hanging=""):
        self.api = self
        self.pulls = 0
        self.finish = threading.Event()
        self.all_hang = threading.Barrier(9)
        self.present = set()
        self._error = error
        self._hanging = hanging

    def inspect_image(self, image):
        if image not in self.present:
            raise docker.errors.ImageNotFound("no such image")

    def reload_config(self):
        pass

    def pull(self, image, **_options):
        self.pulls += 1
        if image.startswith(self._hanging):
            if self._hanging:
                self.all_hang.wait(5)
            self.finish.wait(5)
        if self._error is not None:
            yield {"error": self._error}
        else:
            self.present.add(image)
            yield {"status": "done"}


def test_pulls_of_one_image_at_once_are_one_pull():
    engine = SlowEngine()

    async def scenario():
        puller = ImagePuller(engine, ENGINE)
        pulls = [asyncio.create_task(puller.pull(IMAGE)) for _ in range(3)]
        await asyncio.sleep(0)
        engine.finish.set()
        await asyncio.gather(*pulls)
        await puller.pull(IMAGE)

    asyncio.run(scenario())

    assert engine.pulls == 1


def test_who_gives_up_waiting_does_not_end_the_pull_of_others():
    engine = SlowEngine()

    async def scenario():
        puller = ImagePuller(engine, ENGINE)
        impatient, patient = (asyncio.create_task(puller.pull(IMAGE)) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        engine.finish.set()
        await patient
        assert impatient.cancelled()

    asyncio.run(scenario())

    assert engine.pulls == 1


def test_failed_pull_fails_for_all_who_wait_and_is_tried_again_later():
    engine = SlowEngine(error="no space left on device")
    engine.finish.set()

    async def scenario():
        puller = ImagePuller(engine, ENGINE)
        for _ in range(2):
            results = await asyncio.gather(
                puller.pull(IMAGE), puller.pull(IMAGE), return_exceptions=True
            )
            assert ["is full" in str(result) for result in results] == [True, True]

    asyncio.run(scenario())

    assert engine.pulls == 2


def test_engine_stops_while_a_registry_keeps_it_waiting():
    engine = SlowEngine()

    async def scenario():
        puller = ImagePuller(engine, ENGINE)
        waiting = asyncio.create_task(puller.pull(IMAGE))
        await asyncio.sleep(0)
        puller.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())
    engine.finish.set()


def test_an_image_that_is_there_waits_for_no_slow_pull():
    engine = SlowEngine()
    engine.present.add("registry.example/here@sha256:1")

    async def scenario():
        puller = ImagePuller(engine, ENGINE)
        slow = [asyncio.create_task(puller.pull(f"{IMAGE}{number}")) for number in range(20)]
        await asyncio.wait_for(puller.pull("registry.example/here@sha256:1"), 1)
        engine.finish.set()
        await asyncio.gather(*slow)

    asyncio.run(scenario())


def test_pulls_that_nobody_waits_for_any_more_take_no_turn_from_others():
    engine = SlowEngine(hanging="registry.example/image")

    async def scenario():
        puller = ImagePuller(engine, ENGINE)
        hanging = [asyncio.create_task(puller.pull(f"{IMAGE}{number}")) for number in range(8)]
        await asyncio.to_thread(engine.all_hang.wait, 1)
        for waiter in hanging:
            waiter.cancel()
        await asyncio.wait_for(puller.pull("other.example/image@sha256:1"), 1)

    asyncio.run(scenario())
    engine.finish.set()


def test_a_pull_that_was_given_up_can_be_begun_again():
    engine = SlowEngine()

    async def scenario():
        puller = ImagePuller(engine, ENGINE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(puller.pull(IMAGE), 0.02)
        engine.finish.set()
        await puller.pull(IMAGE)

    asyncio.run(scenario())

    assert engine.present == {IMAGE}
