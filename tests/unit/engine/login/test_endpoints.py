"""Logging in with a browser, as `orq login` of release 1.1 does and as ours does."""

import asyncio
import re
import threading
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from orquestra.engine.auth import passwords
from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.login.attempts import PER_ADDRESS
from orquestra.engine.process.apps import public_app
from orquestra.engine.testing import memory_engine
from orquestra.engine.users import service as users
from tests.unit.engine.conftest import client_of

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
RIGHT = {"user": "ada", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """The slowness of passwords is looked at elsewhere."""
    monkeypatch.setattr(passwords, "_LOG2_N", 4)


@pytest.fixture
async def browser(services):
    """A browser in front of an engine, whose user ada has a password."""
    async with services.database.writing() as session:
        kept = passwords.password_hash(PASSWORD)
        await users.set_password(session, "ada", password_hash=kept, at=datetime.now(UTC))
    async with client_of(public_app(services)) as client:
        yield client


class Page(HTMLParser):
    """What is on a page: elements with their attributes, and the text within some of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        self.texts.setdefault(tag, "")

    def handle_data(self, data) -> None:
        if self._inside:
            self.texts[self._inside] += data

    def handle_endtag(self, tag) -> None:
        self._inside = ""

    def attributes(self, tag: str, **wanted: str) -> dict[str, str | None]:
        (found,) = [
            attributes
            for name, attributes in self.elements
            if name == tag and wanted.items() <= attributes.items()
        ]
        return found


async def test_the_command_line_is_sent_to_the_page_with_its_port(browser):
    answer = await browser.get("/api/login?port=43210")

    assert answer.status_code == 307
    assert answer.headers["Location"] == "http://engine/login?port=43210"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("orquestra.example.com", "http://orquestra.example.com"),
        ("127.0.0.1:8300", "http://127.0.0.1:8300"),
        ("[::1]:8300", "http://[::1]:8300"),
        ("engine/..@evil.example.com", "http://127.0.0.1:8300"),
        ("[", "http://127.0.0.1:8300"),
    ],
)
async def test_the_page_is_where_the_client_found_the_engine(browser, host, address):
    answer = await browser.get("/api/login?port=1", headers={"Host": host})

    assert answer.headers["Location"] == f"{address}/login?port=1"


@pytest.mark.parametrize("query", ["", "?port=", "?port=0", "?port=65536", "?port=x", "?port=-1"])
async def test_without_a_port_that_can_be_one_the_command_line_is_refused(browser, query):
    assert (await browser.get(f"/api/login{query}")).status_code == 400


@pytest.mark.parametrize("query", ["?port=0", "?port=65536", "?port=1%3Bimg-src+*", "?port=x"])
async def test_a_page_for_no_real_port_is_refused(browser, query):
    assert (await browser.get(f"/login{query}")).status_code == 400
    assert (await browser.post(f"/login{query}", data=RIGHT)).status_code == 400


async def test_the_page_asks_for_user_and_password(browser):
    page = Page((await browser.get("/login?port=43210")).text)

    assert page.attributes("form") == {"method": "post", "action": "/login?port=43210"}
    assert page.attributes("input", name="user")["autocomplete"] == "username"
    assert page.attributes("input", name="password")["type"] == "password"


async def test_the_right_password_gives_a_token_that_counts_for_as_long_as_was_set(
    browser, services
):
    answer = await browser.post("/login", data=RIGHT)

    assert answer.status_code == 200
    token = Page(answer.text).texts["textarea"]
    lifetime = services.tokens.read(token).expires_at - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < lifetime <= timedelta(days=30)
    browser.headers["Authorization"] = f"Bearer {token}"
    found = (await browser.get("/api/catalog/workspaces")).json()
    assert [workspace["id"] for workspace in found] == ["ada"]


async def test_the_token_goes_to_the_port_on_the_users_own_machine_and_nowhere_else(browser):
    answer = await browser.post("/login?port=43210", data=RIGHT)

    page = Page(answer.text)
    link = urlsplit(page.attributes("a", id="deliver")["href"])
    assert (link.scheme, link.netloc, link.path) == ("http", "127.0.0.1:43210", "/state")
    assert parse_qs(link.query) == {"token": [page.texts["textarea"]]}
    assert "connect-src http://127.0.0.1:43210;" in answer.headers["Content-Security-Policy"]


async def test_a_token_that_nobody_waits_for_is_shown_only(browser):
    answer = await browser.post("/login", data=RIGHT)

    assert 'id="deliver"' not in answer.text
    assert "connect-src 'none';" in answer.headers["Content-Security-Policy"]


async def test_pages_load_nothing_and_nobody_keeps_or_frames_them(browser):
    pages = [await browser.get("/login?port=1"), await browser.post("/login?port=1", data=RIGHT)]

    nonces = set()
    for answer in pages:
        policy = dict(
            part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")
        )
        (nonce,) = set(re.findall(r"nonce-([\w-]+)", answer.headers["Content-Security-Policy"]))
        nonces.add(nonce)
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        for tag, attributes in Page(answer.text).elements:
            assert not {"src", "onclick", "onload", "style"} & set(attributes)
            if tag in {"style", "script"}:
                assert attributes["nonce"] == nonce
    assert len(nonces) == len(pages)


async def without_password(services) -> dict[str, str]:
    return {"user": "eve", "password": PASSWORD}


async def removed(services) -> dict[str, str]:
    async with services.database.writing() as session:
        await users.remove(session, "ada", at=datetime.now(UTC))
    return RIGHT


async def unknown(services) -> dict[str, str]:
    return {"user": "mallory", "password": PASSWORD}


async def wrong(services) -> dict[str, str]:
    return {"user": "ada", "password": PASSWORD + "!"}


async def far_too_long(services) -> dict[str, str]:
    return {"user": "ada", "password": "x" * 10_000}


@pytest.mark.parametrize("story", [wrong, unknown, without_password, removed, far_too_long])
async def test_whatever_is_wrong_the_answer_is_the_same(browser, services, monkeypatch, story):
    hashed = []
    digest = passwords._digest
    monkeypatch.setattr(
        passwords, "_digest", lambda *given, **how: hashed.append(1) or digest(*given, **how)
    )

    answer = await browser.post("/login?port=43210", data=await story(services))

    assert answer.status_code == 403
    page = Page(answer.text)
    assert "do not belong together" in page.texts["p"]
    assert "`orq engine user password <user>`" in page.texts["p"]
    assert page.attributes("form")["action"] == "/login?port=43210"
    assert "ey" not in answer.headers.get("Location", "")
    # It takes as long as a comparison does, too.
    assert hashed == [1]


async def test_what_was_typed_comes_back_as_text_and_never_the_password(browser):
    user = '"><script>alert(1)</script>'

    answer = await browser.post("/login", data={"user": user, "password": "my secret"})

    page = Page(answer.text)
    assert page.attributes("input", name="user")["value"] == user
    assert "script" not in page.texts
    assert "my secret" not in answer.text


@pytest.mark.parametrize("content", [b"", b"user=ada", b"user=&password=x", b"{}", b"\xff\x00"])
async def test_a_form_that_is_not_filled_in_comes_back(browser, content):
    answer = await browser.post("/login", content=content)

    assert answer.status_code == 400
    assert "Fill in both" in answer.text


@pytest.mark.parametrize(
    ("content", "status"), [(b"user=" + b"a" * 20_000, 413), (b"&".join([b"a=b"] * 11), 400)]
)
async def test_an_endless_form_is_not_read(browser, content, status):
    assert (await browser.post("/login", content=content)).status_code == status


SITES = {
    "a program": ({}, 200),
    "our page": ({"Sec-Fetch-Site": "same-origin"}, 200),
    "nobody's page": ({"Sec-Fetch-Site": "none"}, 200),
    "another site": ({"Sec-Fetch-Site": "cross-site", "Origin": "http://engine"}, 403),
    "what a later browser may say": ({"Sec-Fetch-Site": "x"}, 403),
    "our page, behind a proxy": ({"Sec-Fetch-Site": "same-origin", "Origin": "https://a"}, 200),
    "our page over HTTP": ({"Origin": "http://engine"}, 200),
    "another site over HTTP": ({"Origin": "http://evil.example"}, 403),
    "one that begins as ours": ({"Origin": "http://engine.evil.example"}, 403),
    "another port of the machine": ({"Origin": "http://engine:8080"}, 403),
    "a page that hides where it is": ({"Origin": "null"}, 403),
    "no origin": ({"Origin": ""}, 403),
}


@pytest.mark.parametrize(("headers", "status"), SITES.values(), ids=SITES)
async def test_a_form_on_another_site_logs_nobody_in(browser, headers, status):
    answer = await browser.post("/login?port=43210", data=RIGHT, headers=headers)

    assert answer.status_code == status
    assert ('id="deliver"' in answer.text) is (status == 200)


async def test_the_form_is_ours_at_the_address_that_users_are_told(browser, services):
    told = services.settings.model_copy(update={"public_address": "http://orquestra.example.com"})
    object.__setattr__(services, "settings", told)

    for origin in ("http://orquestra.example.com", "http://engine"):
        answer = await browser.post("/login", data=RIGHT, headers={"Origin": origin})
        assert answer.status_code == 200


async def test_a_password_that_is_changed_while_it_is_compared_gives_no_token_that_counts(
    browser, services, monkeypatch
):
    loop, begun, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    digest, better = passwords._digest, passwords.password_hash("better horse")

    def slowly(*given, **how):
        loop.call_soon_threadsafe(begun.set)
        gate.wait(10)
        return digest(*given, **how)

    monkeypatch.setattr(passwords, "_digest", slowly)
    asked = asyncio.create_task(browser.post("/login", data=RIGHT))
    await begun.wait()
    try:
        async with services.database.writing() as session:
            await users.set_password(session, "ada", password_hash=better, at=datetime.now(UTC))
    finally:
        gate.set()

    token = Page((await asked).text).texts["textarea"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await browser.get("/api/catalog/workspaces", headers=headers)).status_code == 401


async def test_too_many_wrong_passwords_have_to_wait_and_are_told_how_long(browser):
    attempt = {"user": "ada", "password": "wrong"}
    answers = await asyncio.gather(
        *(browser.post("/login", data=attempt) for _ in range(PER_ADDRESS.at_once))
    )
    assert {answer.status_code for answer in answers} == {403}

    answer = await browser.post("/login", data=RIGHT)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "10"
    assert "Try again in 10 seconds." in answer.text


async def test_nothing_of_a_password_is_logged(browser, caplog):
    caplog.set_level("DEBUG")

    await browser.post("/login", data=RIGHT)
    await browser.post("/login", data={"user": "ada", "password": "not this one"})

    assert PASSWORD not in caplog.text
    assert "not this one" not in caplog.text


async def test_a_local_engine_has_no_login_and_says_why(tmp_path):
    async with (
        memory_engine(tmp_path, catalogue=MemoryCatalogue(), local=True) as services,
        client_of(public_app(services)) as client,
    ):
        answers = [
            await client.get("/api/login?port=1"),
            await client.get("/login"),
            await client.post("/login", data=RIGHT),
        ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "local runtime" in answers[0].json()["detail"]
