import asyncio
import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from orquestra.engine.errors import (
    ImageMissing,
    ImageNotReadable,
    NotARegistry,
    RegistryError,
    RegistryUnreachable,
)
from orquestra.engine.images.catalogue import ImageDescription
from orquestra.engine.images.credentials import Logins
from orquestra.engine.images.references import ImageReference
from orquestra.engine.images.registry_client import RegistryClient
from tests.integration.engine.images.publishing import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    HandMadeImage,
    Publisher,
    orquestra_labels,
    run_registry,
)

ADA = ("ada", "correct-horse")
ADA_HTPASSWD = "ada:$2y$05$aB3dE5gH7jK9mN1pQ3sT5uPJsk6LLKfC1f38ODVcou1aOlzMBwsb.\n"


def describe(
    name: str,
    *,
    architecture: str = "amd64",
    logins: Logins | None = None,
    timeout: timedelta = timedelta(seconds=10),
) -> ImageDescription:
    async def ask() -> ImageDescription:
        async with RegistryClient(logins=logins or Logins([]), timeout=timeout) as client:
            reference = ImageReference.parse(name)
            return await client.describe(reference, architecture=architecture)

    return asyncio.run(ask())


def logins_with(folder: Path, *, registry: str, user: tuple[str, str]) -> Logins:
    file = folder / "config.json"
    encoded = base64.b64encode(":".join(user).encode()).decode()
    file.write_text(json.dumps({"auths": {registry: {"auth": encoded}}}))
    return Logins([file])


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_an_image_is_described_without_being_pulled(publisher: Publisher, media_type: str) -> None:
    digest = publisher.publish(
        "team/solver:1",
        HandMadeImage(
            labels={"a": "b"},
            entrypoint=("/solve", "--fast"),
            command=("all",),
            user="1000:100",
            media_type=media_type,
        ),
    )

    image = describe(f"{publisher.address}/team/solver:1")

    assert image.digest == digest
    assert image.architectures == ("amd64",)
    assert image.labels == {"a": "b"}
    assert image.entrypoint == ("/solve", "--fast")
    assert image.command == ("all",)
    assert image.user == "1000:100"
    assert image.size > 0


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_INDEX])
def test_of_several_platforms_the_machines_own_is_described(
    publisher: Publisher, media_type: str
) -> None:
    digest = publisher.publish_index(
        "team/multi:1",
        [
            HandMadeImage(architecture="arm64", labels={"for": "arm64"}),
            HandMadeImage(architecture="amd64", labels={"for": "amd64"}),
        ],
        media_type=media_type,
    )

    image = describe(f"{publisher.address}/team/multi:1", architecture="amd64")

    assert image.digest == digest
    assert image.architectures == ("arm64", "amd64")
    assert image.labels == {"for": "amd64"}


def test_an_index_without_the_machines_platform_says_what_it_has(publisher: Publisher) -> None:
    publisher.publish_index("team/arm:1", [HandMadeImage(architecture="arm64")])

    image = describe(f"{publisher.address}/team/arm:1", architecture="amd64")

    assert image.architectures == ("arm64",)
    assert image.labels == orquestra_labels()


def test_a_digest_is_as_good_as_a_tag(publisher: Publisher) -> None:
    digest = publisher.publish("team/pinned:1", HandMadeImage())

    image = describe(f"{publisher.address}/team/pinned@{digest}")

    assert image.digest == digest


def test_a_tag_that_moves_is_seen_at_once(publisher: Publisher) -> None:
    async def ask_twice() -> list[str]:
        reference = ImageReference.parse(f"{publisher.address}/team/moving:1")
        async with RegistryClient(logins=Logins([])) as client:
            digests = []
            for label in ("first", "second"):
                publisher.publish("team/moving:1", HandMadeImage(labels={"build": label}))
                image = await client.describe(reference, architecture="amd64")
                digests.append(image.labels["build"])
            return digests

    assert asyncio.run(ask_twice()) == ["first", "second"]


def test_a_missing_repository_is_told_from_a_missing_tag(publisher: Publisher) -> None:
    publisher.publish("team/tagged:1.0", HandMadeImage())
    publisher.publish("team/tagged:1.1", HandMadeImage())

    with pytest.raises(ImageMissing, match=r"has no repository team/none"):
        describe(f"{publisher.address}/team/none:1")
    with pytest.raises(ImageMissing, match=r"has no tag 2\.0, only 1\.0, 1\.1\)"):
        describe(f"{publisher.address}/team/tagged:2.0")
    with pytest.raises(ImageMissing, match=r"has no digest sha256:0{64}\)"):
        describe(f"{publisher.address}/team/tagged@sha256:{'0' * 64}")


def test_what_is_not_a_container_image_is_refused(publisher: Publisher) -> None:
    chart = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": "application/vnd.cncf.helm.config.v1+json",
                "digest": publisher._upload("team/chart", blob=b"{}"),
                "size": 2,
            },
            "layers": [],
        }
    )
    publisher.put_manifest("team/chart", tag="1", manifest=chart.encode(), media_type=OCI_MANIFEST)

    with pytest.raises(RegistryError, match="not a container image"):
        describe(f"{publisher.address}/team/chart:1")


def test_a_registry_that_wants_a_login_gets_the_one_of_docker_login(tmp_path: Path) -> None:
    with run_registry(tmp_path, htpasswd=ADA_HTPASSWD) as address:
        publisher = Publisher(address, auth=ADA)
        digest = publisher.publish("team/private:1", HandMadeImage())
        publisher.close()
        name = f"{address}/team/private:1"

        right = logins_with(tmp_path, registry=address, user=ADA)
        assert describe(name, logins=right).digest == digest

        with pytest.raises(ImageNotReadable, match="wants a login and the engine has none"):
            describe(name)
        wrong = logins_with(tmp_path, registry=address, user=("ada", "wrong"))
        with pytest.raises(ImageNotReadable, match="status 401"):
            describe(name, logins=wrong)


def test_nothing_at_the_address_is_unreachable() -> None:
    with socket.socket() as taken:
        # A port that is taken but not listened to refuses all connections.
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(RegistryUnreachable, match=rf"{address} cannot be reached"):
            describe(f"{address}/team/solver:1")


def test_a_registry_that_never_answers_costs_a_bounded_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"127.0.0.1:{silent.getsockname()[1]}/team/solver:1"

        with pytest.raises(RegistryUnreachable, match="did not answer in time"):
            describe(name, timeout=timedelta(seconds=0.2))


Reply = tuple[int, dict[str, str], bytes]


@contextmanager
def web_server(answer: Callable[[BaseHTTPRequestHandler], Reply]) -> Iterator[str]:
    """A server that is no registry, or one with tokens; `answer` says what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


PAGE = {"Content-Type": "text/html"}


@pytest.mark.parametrize("reply", [(200, PAGE, b"<html>"), (404, PAGE, b"<html>"), (401, {}, b"")])
def test_a_web_server_is_not_taken_for_a_registry(reply: Reply) -> None:
    with (
        web_server(lambda _: reply) as address,
        pytest.raises(NotARegistry, match=f"what answers at {address} is no registry"),
    ):
        describe(f"{address}/team/solver:1")


def test_an_endless_manifest_is_not_read_to_its_end() -> None:
    reply = (200, {"Content-Type": OCI_MANIFEST}, b" " * (5 * 2**20))

    with web_server(lambda _: reply) as address, pytest.raises(RegistryError, match="4 MiB"):
        describe(f"{address}/team/solver:1")


def test_content_that_is_not_what_its_digest_names_is_refused() -> None:
    reply = (200, {"Content-Type": OCI_MANIFEST}, b"{}")

    with (
        web_server(lambda _: reply) as address,
        pytest.raises(RegistryError, match="other content"),
    ):
        describe(f"{address}/team/solver@sha256:{'0' * 64}")


class TokenRegistry:
    """A registry as the large public ones are: tokens from a realm, for one repository each."""

    def __init__(self) -> None:
        self._configuration = HandMadeImage().configuration()
        digest = f"sha256:{hashlib.sha256(self._configuration).hexdigest()}"
        self._manifest = json.dumps(
            {
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": digest,
                    "size": len(self._configuration),
                },
                "layers": [{"size": 7}],
            }
        ).encode()
        self.token_requests: list[tuple[dict[str, list[str]], str | None]] = []

    def __call__(self, request: BaseHTTPRequestHandler) -> Reply:
        address = urlsplit(request.path)
        if address.path == "/token":
            authorization = request.headers["Authorization"]
            self.token_requests.append((parse_qs(address.query), authorization))
            return 200, {"Content-Type": "application/json"}, b'{"token": "ticket"}'
        if request.headers["Authorization"] != "Bearer ticket":
            host = request.headers["Host"]
            realm = f'Bearer realm="http://{host}/token",service="shop",scope="anything"'
            return 401, {"WWW-Authenticate": realm}, b"{}"
        if "/blobs/" in address.path:
            return 200, {}, self._configuration
        return 200, {"Content-Type": OCI_MANIFEST}, self._manifest


def test_a_token_is_fetched_once_for_the_repository_and_no_more() -> None:
    registry = TokenRegistry()

    with web_server(registry) as address:
        image = describe(f"{address}/team/solver:1")

    assert image.labels == orquestra_labels()
    query = {"service": ["shop"], "scope": ["repository:team/solver:pull"]}
    assert registry.token_requests == [(query, None)]


def test_a_login_is_shown_to_the_realm(tmp_path: Path) -> None:
    registry = TokenRegistry()

    with web_server(registry) as address:
        logins = logins_with(tmp_path, registry=address, user=ADA)
        describe(f"{address}/team/solver:1", logins=logins)

    [(_, authorization)] = registry.token_requests
    assert authorization == "Basic " + base64.b64encode(b"ada:correct-horse").decode()


def test_a_password_is_not_sent_in_the_clear_to_another_machine(tmp_path: Path) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="http://elsewhere.example.com/token"'}

    with web_server(lambda _: (401, challenge, b"{}")) as address:
        logins = logins_with(tmp_path, registry=address, user=ADA)
        with pytest.raises(RegistryError, match="not a safe address"):
            describe(f"{address}/team/solver:1", logins=logins)
