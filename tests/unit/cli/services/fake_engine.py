"""A local engine that serves nothing: it locks its data, answers, and ends when it is told to.

Run as `python fake_engine.py DATA MODE TOKEN`, MODE being `well`, `deaf` (SIGTERM is ignored),
`broken` (it cannot start), `slow` (it holds its data and tells nothing of itself), `sick` (it says
that it is not ready) or `parking` (it deletes its file on SIGTERM, and goes on).
"""

import fcntl
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.local_engine import LocalEngineFile

RUN = {
    "id": "fit-aB3xZ-r000",
    "definitionId": "d",
    "status": {"state": "RUNNING"},
    "createTime": "2025-02-24T08:26:07Z",
    "owner": "ada",
    "totalTasks": 2,
    "completedTasks": 1,
    "dryRun": False,
}
ANSWERS = {"/api/workflow-runs": {"data": [RUN]}, "/readyz": {"status": "ok", "cluster": "warming"}}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = ANSWERS.get(self.path.partition("?")[0])
        body = json.dumps(answer or {"message": "none", "detail": "There is none."}).encode()
        if self.path == "/readyz" and "sick" in sys.argv:
            body = b'{"status": "unavailable", "reason": "The disk is full."}'
            self.send_response(503)
        else:
            self.send_response(200 if answer else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main(data, mode, token):
    if mode == "broken":
        sys.exit("error: there is no Ray here")
    path = local_engine.lock_path(data)
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        print(os.getpid(), file=lock, flush=True)
        with (data / "starts").open("a") as starts:
            print(mode, file=starts)
        serve(data, mode, token)


def serve(data, mode, token):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stops = {"deaf": signal.SIG_IGN, "parking": lambda *_: local_engine.delete(data)}
    stop = lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()  # noqa: E731
    signal.signal(signal.SIGTERM, stops.get(mode, stop))
    if mode != "slow":
        url = f"http://127.0.0.1:{server.server_port}"
        file = LocalEngineFile(pid=os.getpid(), url=url, token=token, version="2.0.0a1")
        local_engine.write(data, file)
    server.serve_forever(0.01)
    local_engine.delete(data)


main(Path(sys.argv[1]), *sys.argv[2:])
