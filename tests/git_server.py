"""A server of Git repositories over HTTP, some of which want a user and a password."""

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_FILES = {
    "pyproject.toml": '[project]\nname = "tool"\nversion = "1"\n',
    "tool.py": "NUMBER = 5\n",
}


class GitServer:
    """Serves the repositories below a folder; `passwords` are users and passwords by path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.passwords: dict[str, tuple[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def open(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, path: str, *, login: tuple[str, str] | None = None) -> str:
        """Make a repository with a branch main; its commit."""
        folder = self.folder / path
        folder.mkdir(parents=True)
        for name, text in _FILES.items():
            (folder / name).write_text(text)
        git(folder, "init", "--quiet", "--initial-branch", "main")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", "First")
        if login:
            self.passwords[path] = login
        return git(folder, "rev-parse", "HEAD").strip()


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """A gate before git's own CGI program."""

        def log_message(self, *_):
            pass

        def do_GET(self):
            path, _, query = self.path.partition("?")
            if not self._may_read(path):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            size = int(self.headers.get("Content-Length") or 0)
            done = subprocess.run(
                ["git", "http-backend"],
                input=self.rfile.read(size),
                capture_output=True,
                check=True,
                env={
                    **os.environ,
                    "GIT_PROJECT_ROOT": str(server.folder),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "GIT_CONFIG_NOSYSTEM": "1",
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(size),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                },
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().splitlines():
                name, _, value = line.partition(": ")
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def _may_read(self, path):
            wanted = [
                ":".join(login)
                for name, login in server.passwords.items()
                if path.startswith(f"/{name}/")
            ]
            _kind, _, shown = self.headers.get("Authorization", "").partition(" ")
            return not wanted or base64.b64decode(shown).decode() in wanted

    return Handler
