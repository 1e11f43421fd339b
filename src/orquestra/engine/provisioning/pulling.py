"""Bringing images onto this machine."""

import asyncio
import ipaddress
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import docker.auth
import docker.errors
import requests

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import failures
from orquestra.engine.provisioning.container_engine import ContainerEngine

_AT_ONCE = 8
_PODMAN_API = "v4.0.0"

_T = TypeVar("_T")


@dataclass(kw_only=True)
class _Pull:
    """One pull, and how many wait for it."""

    task: asyncio.Task[None]
    waiting: int = 0


class ImagePuller:
    """Pulls images; several pulls of one image at once are one pull.

    Logins: those of `~/.docker/config.json` are sent along, credential helpers included. Podman
    falls back to its own (`podman login`) where that file knows nothing of the registry.
    A pull has no time limit, since images may be large: who waits gives up when it wants to. The
    pull for which nobody waits any more takes no turn from the others. Its connection may stay
    until the registry answers, which harms nobody.
    """

    def __init__(self, client: Any, container_engine: ContainerEngine) -> None:
        self._client = client
        self._container_engine = container_engine
        self._pulls: dict[str, _Pull] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def pull(self, image: str) -> None:
        """Make an image present; raises `ProvisioningError` with the reason."""
        pull = self._pulls.get(image)
        if pull is None:
            pull = _Pull(task=asyncio.create_task(self._pull_in_turn(image)))
            self._pulls[image] = pull
        pull.waiting += 1
        try:
            # Who gives up waiting must not end the pull of the others.
            await asyncio.shield(pull.task)
        finally:
            pull.waiting -= 1
            if not pull.waiting:
                self._pulls.pop(image)
                pull.task.cancel()

    def close(self) -> None:
        """Wait for no pull any more."""
        for pull in self._pulls.values():
            pull.task.cancel()

    async def _pull_in_turn(self, image: str) -> None:
        # An image that is there already waits for no pull of another one.
        if await asyncio.wrap_future(_in_thread(lambda: self._is_present(image))):
            return
        async with self._turn:
            await asyncio.wrap_future(_in_thread(lambda: self._pull(image)))

    def _pull(self, image: str) -> None:
        reason = self._failure(image)
        if reason is not None or not self._is_present(image):
            why = failures.explain_pull(reason or "it is not there after the pull")
            raise ProvisioningError(f"Image {image} could not be pulled. {why}")

    def _is_present(self, image: str) -> bool:
        with failures.provisioning_errors(f"looking for image {image}"):
            try:
                self._client.api.inspect_image(image)
            except docker.errors.NotFound:
                return False
        return True

    def _failure(self, image: str) -> str | None:
        """Pull, and say why it failed."""
        try:
            self._client.api.reload_config()  # somebody may have logged in since
            for progress in self._progress(image):
                if "error" in progress:
                    return str(progress["error"])
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            return failures.reason_of(error)
        return None

    def _progress(self, image: str) -> Iterator[dict[str, Any]]:
        if self._container_engine.kind == "podman" and is_on_this_machine(image):
            return self._progress_without_tls(image)
        progress: Iterator[dict[str, Any]] = self._client.api.pull(image, stream=True, decode=True)
        return progress

    def _progress_without_tls(self, image: str) -> Iterator[dict[str, Any]]:
        """Podman's own call: Docker trusts plain HTTP from loopback addresses, podman when told.

        Its `registries.conf` could tell it as well, but a running service has read that once.
        """
        api = self._client.api
        registry, _ = docker.auth.resolve_repository_name(image)
        login = docker.auth.get_config_header(api, registry)
        with api.post(
            f"{api.base_url}/{_PODMAN_API}/libpod/images/pull",
            params={"reference": image, "tlsVerify": "false"},
            headers={"X-Registry-Auth": login} if login else {},
            stream=True,
            timeout=None,
        ) as answer:
            for line in answer.iter_lines():
                yield _podman_progress(json.loads(line))


def _podman_progress(line: dict[str, Any]) -> dict[str, Any]:
    """Podman says `cause` and `message` where the whole request fails."""
    return {"error": line["message"]} if "cause" in line else line


def is_on_this_machine(image: str) -> bool:
    """Whether an image's registry is a loopback address: plain HTTP never leaves the machine."""
    host = image.partition("/")[0].rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _in_thread(work: Callable[[], _T]) -> Future[_T]:
    """Run in a thread that does not keep the program alive: a registry may never answer."""
    future: Future[_T] = Future()
    future.set_running_or_notify_cancel()  # a result that comes too late is no error

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - whoever waits for the future gets it
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="pull", daemon=True).start()
    return future
