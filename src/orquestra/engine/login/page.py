"""The login page: HTML that loads nothing from anywhere, and works without scripts."""

import functools
import secrets
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from string import Template
from urllib.parse import urlencode, urlsplit

_NONCE_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request for the page.

    `origin` is where the user reaches the engine. On `port` of the user's own machine an
    `orq login` waits for the token; None if nobody does.
    """

    origin: str
    port: int | None
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(_NONCE_BYTES))

    @property
    def headers(self) -> dict[str, str]:
        """What browsers are told to do with the page, and to keep others from doing with it."""
        policy = {
            "default-src": "'none'",
            "style-src": f"'nonce-{self.nonce}'",
            "script-src": f"'nonce-{self.nonce}'",
            "img-src": "data:",
            "connect-src": "'none'" if self.port is None else self.listener,
            "form-action": "'self'",
            "frame-ancestors": "'none'",
            "base-uri": "'none'",
        }
        return {
            "Content-Security-Policy": "; ".join(f"{name} {what}" for name, what in policy.items()),
            # Browsers tell where a form comes from as far as this lets them tell an address.
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    @property
    def listener(self) -> str:
        """Where the `orq login` waits."""
        return f"http://127.0.0.1:{self.port}"


def form(visit: Visit, *, user: str = "", problem: str | None = None) -> str:
    """The page that asks for user and password, with what was wrong the last time."""
    purpose = "You get a token for <code>orq</code> and for programs."
    if visit.port is not None:
        purpose = "The <code>orq login</code> that waits on this computer gets your login."
    content = _filled(
        "form.html",
        message=f'<p class="wrong" role="alert">{escape(problem)}</p>' if problem else "",
        query="" if visit.port is None else f"?port={visit.port}",
        user=escape(user),
        focus_user="" if user else " autofocus",
        focus_password=" autofocus" if user else "",
        purpose=purpose,
    )
    return _page(visit, title="Log in", content=content)


def token(visit: Visit, *, token: str, days: int) -> str:
    """The page that shows a token, and hands it to the `orq login` that waits."""
    delivery = ""
    if visit.port is not None:
        address = f"{visit.listener}/state?{urlencode({'token': token})}"
        delivery = _filled("delivery.html", address=escape(address))
    content = _filled(
        "token.html",
        delivery=delivery,
        token=escape(token),
        days=str(days),
        origin=escape(visit.origin),
        nonce=visit.nonce,
    )
    return _page(visit, title="Logged in", content=content)


def _page(visit: Visit, *, title: str, content: str) -> str:
    host = escape(urlsplit(visit.origin).netloc)
    return _filled("page.html", title=title, host=host, nonce=visit.nonce, content=content)


def _filled(file: str, **values: str) -> str:
    return _template(file).substitute(values)


@functools.cache
def _template(file: str) -> Template:
    return Template(resources.files(__package__).joinpath(file).read_text(encoding="utf-8"))
