"""What a git repository on this machine says about itself, through the program `git`."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    NoRemoteRepo,
    NotGitRepo,
    WorkflowSyntaxError,
)

REMOTE = "origin"
LOCAL_PATIENCE = timedelta(seconds=30)
REMOTE_PATIENCE = timedelta(minutes=1)

_HOOK_VARIABLES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
"""Set in hooks of a repository; they would lead to that one wherever `git` is started."""


@dataclass(frozen=True, kw_only=True)
class GitRepository:
    """A working tree. Nothing here changes it."""

    folder: Path

    def head(self) -> str:
        """The commit that is checked out.

        Raises:
            WorkflowSyntaxError: there is no commit yet.
        """
        answer = _git("rev-parse", "--verify", "HEAD", folder=self.folder)
        if answer.returncode:
            raise WorkflowSyntaxError(
                f"The git repository {self.folder} has no commit yet. Commit and push first."
            )
        return answer.stdout.strip()

    def branch(self) -> str | None:
        """The branch that is checked out; None where it is a commit of its own."""
        answer = _git("symbolic-ref", "--quiet", "--short", "HEAD", folder=self.folder)
        return answer.stdout.strip() or None

    def has_changes(self) -> bool:
        """Whether files that git knows are changed but not committed."""
        answer = _git("status", "--porcelain", "--untracked-files=no", folder=self.folder)
        return bool(answer.stdout.strip())

    def remote_url(self) -> str:
        """The address of the remote repository, as it was given: no rewriting of this machine.

        Raises:
            NoRemoteRepo: there is none of the usual name.
        """
        answer = _git("config", "--get", f"remote.{REMOTE}.url", folder=self.folder)
        if answer.returncode:
            raise NoRemoteRepo(
                f"The git repository {self.folder} has no remote {REMOTE!r}, from which tasks "
                f"could get their code. Add one: `git remote add {REMOTE} URL`, then push."
            )
        return answer.stdout.strip()

    def remote_refs(self) -> dict[str, str]:
        """Branches and tags of the remote repository, with their commits, as they are now.

        Raises:
            NoRemoteRepo: it cannot be reached.
        """
        answer = _git("ls-remote", REMOTE, folder=self.folder, patience=REMOTE_PATIENCE)
        if answer.returncode:
            raise NoRemoteRepo(
                f"The remote {REMOTE!r} of the git repository {self.folder} cannot be read: "
                f"{answer.stderr.strip()}. Check that `git ls-remote {REMOTE}` works there."
            )
        lines = (line.split("\t") for line in answer.stdout.splitlines())
        return {ref: commit for commit, ref in lines}

    def has_branch(self, name: str) -> bool:
        """Whether there is such a branch here."""
        answer = _git("show-ref", "--verify", "--quiet", f"refs/heads/{name}", folder=self.folder)
        return answer.returncode == 0

    def is_branch_pushed(self, name: str, *, remote_refs: Mapping[str, str]) -> bool:
        """Whether the remote repository has all commits of a branch, under its name."""
        there = remote_refs.get(f"refs/heads/{name}")
        return there is not None and self._is_within(f"refs/heads/{name}", commit=there)

    def is_commit_pushed(self, commit: str, *, remote_refs: Mapping[str, str]) -> bool:
        """Whether the remote repository has a commit, as far as is known here."""
        return commit in remote_refs.values() or self._was_seen_at_remote(commit)

    def _is_within(self, ref: str, *, commit: str) -> bool:
        answer = _git("merge-base", "--is-ancestor", ref, commit, folder=self.folder)
        # Others may have pushed what is not known here.
        return answer.returncode == 0 or self._was_seen_at_remote(ref)

    def _was_seen_at_remote(self, ref: str) -> bool:
        not_there = ("rev-list", "--count", ref, "--not", f"--remotes={REMOTE}")
        return _git(*not_there, folder=self.folder).stdout.strip() == "0"


def find_repository(path: Path) -> GitRepository:
    """The repository that a folder is in, its parents included.

    Raises:
        NotGitRepo: it is in none.
        BaseRuntimeError: the program `git` is missing, or hangs.
    """
    folder = path.absolute()
    if not folder.is_dir():
        raise NotGitRepo(f"There is no folder {folder}, so it is in no git repository.")
    answer = _git("rev-parse", "--show-toplevel", folder=folder)
    if answer.returncode:
        raise NotGitRepo(
            f"The folder {folder} is in no git repository: {answer.stderr.strip()}. Give the path "
            "of one, or name the repository: sdk.GitImport(repo_url=..., git_ref=...)."
        )
    return GitRepository(folder=Path(answer.stdout.rstrip("\n")))


def _git(
    *arguments: str, folder: Path, patience: timedelta = LOCAL_PATIENCE
) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if name not in _HOOK_VARIABLES}
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience.total_seconds(),
        )
    except FileNotFoundError as error:
        raise BaseRuntimeError(
            "The program `git` was not found. Install it, or name repository and commit without "
            "looking them up: sdk.GitImport(repo_url=..., git_ref=...)."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BaseRuntimeError(
            f"`git {' '.join(arguments)}` in {folder} did not end within "
            f"{patience.total_seconds():.0f} seconds. Try it there by hand."
        ) from error
