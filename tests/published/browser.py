"""A browser of a user who logs in on the engine's page: `python browser.py USER PASSWORD ADDRESS`.

It follows the forms and links of the page, as the page's script does where scripts run.
"""

import html
import re
import sys
from urllib.parse import urljoin

import httpx


def main(user: str, password: str, address: str) -> None:
    """Log in, and hand the token to the program that waits for it."""
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(address)
        action = _attribute(page, r'<form method="post" action="([^"]*)"')
        form = {"user": user, "password": password}
        target = urljoin(address, action)
        # Over plain HTTP a browser tells no more of where a form comes from.
        headers = {"Origin": target.partition("/login")[0]}
        page = browser.post(target, data=form, headers=headers)
        browser.get(_attribute(page, r'id="deliver" href="([^"]*)"')).raise_for_status()


def _attribute(page: httpx.Response, pattern: str) -> str:
    found = re.search(pattern, page.text)
    assert found, f"{page.status_code} {page.text}"
    return html.unescape(found[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
