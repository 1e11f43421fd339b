"""Where shells find the script for completion."""

from pathlib import Path

_LOADING = {
    "bash": (".bashrc", '. "{script}"'),
    "zsh": (
        ".zshrc",
        '(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit; }}; . "{script}"',
    ),
}
"""The file that a shell reads at its start, and the line in it that loads the script."""


def install(shell: str, *, script: str, home: Path) -> list[Path]:
    """Save the script, and have the shell load it; the files that were changed.

    Fish loads it by its place. A line that is there already is not added again.
    """
    if shell == "fish":
        path = home / ".config" / "fish" / "completions" / "orq.fish"
        return [_write(path, script)]
    path = home / ".orquestra" / f"completion.{shell}"
    changed = [_write(path, script)]
    name, line = _LOADING[shell]
    start_file = home / name
    line = line.format(script=path)
    # The file is the user's, and may be in any encoding.
    content = start_file.read_text(errors="surrogateescape") if start_file.exists() else ""
    if line not in content.splitlines():
        separator = "" if not content or content.endswith("\n") else "\n"
        with start_file.open("a") as file:
            file.write(f"{separator}{line}\n")
        changed.append(start_file)
    return changed


def _write(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{script}\n")
    return path
