import base64
import json
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from orquestra.sdk.configuration.config import RuntimeConfig

PLATFORM_VARIABLES = (
    "ORQUESTRA_PASSPORT_FILE",
    "ORQ_CURRENT_CLUSTER",
    "ORQ_CURRENT_CONFIG",
    "ORQ_CURRENT_PROJECT",
    "ORQ_CURRENT_USER",
    "ORQ_CURRENT_WORKSPACE",
    "ORQ_SECRETS_TOKEN_FILE",
    "ORQ_SECRETS_URI",
)


def encode_token(claims):
    parts = [json.dumps({"alg": "none"}), json.dumps(claims), ""]
    return ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts)


class ScriptedEngine:
    """A Compute Engine on a loopback port that says what a test has told it to say.

    The last answer to a call is repeated; `requests` has all calls, with query and body.
    """

    def __init__(self):
        self._answers = defaultdict(list)
        self.requests = []
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def _reply(self):
                engine._handle(self)

            do_DELETE = do_GET = do_POST = _reply  # noqa: N815 - the base class looks for these names

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self._server.server_port}"
        token = encode_token({"exp": time.time() + 3600})
        self.config = RuntimeConfig.unsaved(name="scripted", uri=self.uri, token=token)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answers(self, call, *bodies, status=200):
        """Tell what to answer, call by call; bytes go out as they are, all else as JSON."""
        self._answers[call] += [(status, body) for body in bodies]

    def calls(self, call):
        return [request for request in self.requests if request["call"] == call]

    def _handle(self, request):
        url = urlsplit(request.path)
        call = f"{request.command} {url.path}"
        content = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.requests.append(
            {
                "call": call,
                "query": dict(parse_qsl(url.query)),
                "body": json.loads(content) if content else None,
                "authorization": request.headers["Authorization"],
            }
        )
        script = self._answers[call] or [(404, {"message": "Not found", "detail": call})]
        status, body = script[0]
        self._answers[call] = script[1:] or script
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)


@pytest.fixture
def engine():
    with ScriptedEngine() as engine:
        yield engine


@pytest.fixture
def make_token():
    return encode_token


@pytest.fixture(autouse=True)
def config_file(tmp_path, monkeypatch):
    """No test sees the configuration or the environment of whoever runs it."""
    path = tmp_path / "orquestra" / "config.json"
    monkeypatch.setenv("ORQ_CONFIG_PATH", str(path))
    monkeypatch.setenv("ORQ_LOCAL_DATA", str(tmp_path / "local"))
    for variable in PLATFORM_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return path
