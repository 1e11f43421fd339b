"""Git repositories on disk for tests: a bare one that stands for GitHub's, and a clone of it."""

import os
import subprocess
from pathlib import Path

URL = "https://github.com/acme/tasks.git"
SSH_URL = "git@github.com:acme/tasks.git"

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.com" for who in ("AUTHOR", "COMMITTER")},
}


class Clone:
    """A working tree whose `origin` is URL, which leads to a bare repository beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        bare = folder / "origin.git"
        self.folder.mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", URL)
        self.git("config", f"url.{bare}.insteadOf", URL)

    def git(self, *arguments: str) -> str:
        environment = {**os.environ, **_ENVIRONMENT}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, text: str = "1") -> str:
        """Change the one file, commit it, and give the hash."""
        (self.folder / "tasks.py").write_text(text)
        self.git("add", "tasks.py")
        self.git("commit", "--quiet", "--message", text)
        return self.git("rev-parse", "HEAD")

    def push(self) -> None:
        self.git("push", "--quiet", "origin", "HEAD")
