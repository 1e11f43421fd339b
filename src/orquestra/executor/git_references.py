"""What the branches and tags of Git repositories stand for when a run begins.

A branch moves on, and environments outlive runs. With commits in their place, all tasks of a run
have the same code, and what was installed or remembered earlier is used for that code only.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from orquestra.executor.environments import git_address
from orquestra.sdk.code.requirements import is_repository_of_sdk
from orquestra.sdk.schema import ir

PATIENCE = timedelta(seconds=10)
_MOST_AT_ONCE = 8
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Nobody is there to answer: a question would last until the patience is over.
_NO_QUESTIONS = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}


def with_commits(definition: ir.WorkflowDef) -> ir.WorkflowDef:
    """A definition whose Git imports name commits.

    A branch goes before a tag of the same name, as pip has it. What a repository does not tell
    stays: the installer has the better words for what is wrong with it. Waits for the repositories,
    `PATIENCE` at most for each.
    """
    moving = [
        found
        for found in definition.imports.values()
        if isinstance(found, ir.GitImport)
        and not _COMMIT.fullmatch(found.git_ref)
        and not is_repository_of_sdk(found)
    ]
    if not moving:
        return definition
    with ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="git") as threads:
        pinned = {found.id: found for found in threads.map(_pinned, moving)}
    return definition.model_copy(update={"imports": {**definition.imports, **pinned}})


def _pinned(found: ir.GitImport) -> ir.GitImport:
    commit = _commit(git_address(found.repo_url), found.git_ref)
    return found.model_copy(update={"git_ref": commit}) if commit else found


def _commit(address: str, reference: str) -> str | None:
    branch, tag = f"refs/heads/{reference}", f"refs/tags/{reference}"
    try:
        answer = subprocess.run(
            # An annotated tag is an object of its own; with `^{}` stands the commit behind it.
            ["git", "ls-remote", "--", address, branch, tag, f"{tag}^{{}}"],
            env={**_NO_QUESTIONS, **os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            timeout=PATIENCE.total_seconds(),
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    pairs = [line.split("\t", 1) for line in answer.stdout.splitlines() if "\t" in line]
    commits = {name: commit for commit, name in pairs}
    return commits.get(branch) or commits.get(f"{tag}^{{}}") or commits.get(tag)
