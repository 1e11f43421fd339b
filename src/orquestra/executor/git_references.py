"""What the branches and tags of Git repositories stand for when a run begins.

A branch moves on, and environments outlive runs. With commits in their place, all tasks of a run
have the same code, and what was installed or remembered earlier is used for that code only.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from orquestra.executor.git_logins import git_address, git_login, login_variables
from orquestra.executor.secret_access import SecretProblem, read_secret
from orquestra.sdk.code.requirements import is_repository_of_sdk
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema import ir

PATIENCE = timedelta(seconds=10)
_MOST_AT_ONCE = 8
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Nobody is there to answer: a question would last until the patience is over.
_NO_QUESTIONS = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}

Commits = Mapping[ir.ImportId, str]


def moving_imports(definition: ir.WorkflowDef) -> list[ir.GitImport]:
    """The Git imports of a definition that name no commit."""
    return [
        found
        for found in definition.imports.values()
        if isinstance(found, ir.GitImport)
        and not _COMMIT.fullmatch(found.git_ref)
        and not is_repository_of_sdk(found)
    ]


def find_commits(imports: Iterable[ir.GitImport], *, access: SecretsLogin | None) -> Commits:
    """What the references of these imports stand for now.

    A branch goes before a tag of the same name, as pip has it. What a repository does not tell is
    left out: the installer has the better words for what is wrong with it. Waits for all
    repositories together for `PATIENCE` at most, once their passwords are read, through `access`.
    """
    asked = list(imports)
    with ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="git") as threads:
        logins = list(threads.map(lambda found: _login(found.repo_url, access), asked))
        deadline = time.monotonic() + PATIENCE.total_seconds()

        def find(found: ir.GitImport, login: Mapping[str, str] | None) -> str | None:
            if login is None:
                return None
            address = git_address(found.repo_url)
            return _commit(address, found.git_ref, deadline=deadline, login=login)

        commits = zip(asked, threads.map(find, asked, logins), strict=True)
        return {found.id: commit for found, commit in commits if commit}


def with_commits(definition: ir.WorkflowDef, commits: Commits) -> ir.WorkflowDef:
    """A definition whose Git imports name these commits."""
    pinned = {
        found.id: found.model_copy(update={"git_ref": commits[found.id]})
        for found in moving_imports(definition)
        if found.id in commits
    }
    if not pinned:
        return definition
    return definition.model_copy(update={"imports": {**definition.imports, **pinned}})


def _login(url: ir.GitURL, access: SecretsLogin | None) -> dict[str, str] | None:
    """The login of a repository, as git takes it; None where its password cannot be read."""
    login = git_login(url)
    if login is None:
        return {}
    try:
        password = read_secret(login.password, access)
    except SecretProblem:
        return None
    return login_variables([(login, password)])


def _commit(
    address: str, reference: str, *, deadline: float, login: Mapping[str, str]
) -> str | None:
    patience = deadline - time.monotonic()
    if patience <= 0:
        return None
    branch, tag = f"refs/heads/{reference}", f"refs/tags/{reference}"
    try:
        answer = subprocess.run(
            # An annotated tag is an object of its own; with `^{}` stands the commit behind it.
            ["git", "ls-remote", "--", address, branch, tag, f"{tag}^{{}}"],
            env={**_NO_QUESTIONS, **os.environ, **login},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            timeout=patience,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    pairs = [line.split("\t", 1) for line in answer.stdout.splitlines() if "\t" in line]
    commits = {name: commit for commit, name in pairs}
    return commits.get(branch) or commits.get(f"{tag}^{{}}") or commits.get(tag)
