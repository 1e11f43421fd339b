"""What a build needs to reach package indexes: a trusted CA bundle and a pip configuration.

Behind a company's own certificate authority or package index, pip inside of a build needs the
settings that pip has outside. They are mounted read-only while an image is built and are never
copied into it; what stays are empty mount points under /run and an empty /etc/pip.conf.
"""

import ast
import configparser
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from images.commands import run
from images.errors import BuildError

_INSIDE = "/run/orquestra-build"
_INDEXES = ("index-url", "extra-index-url")
_PLACES = (*_INDEXES, "find-links")
_PATIENCE = ("timeout", "retries")
_KEPT = (*_PLACES, "trusted-host", "no-index", "proxy", *_PATIENCE)
_SECTIONS = ("global", "install", ":env:")  # the later one wins, as in pip


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file or folder of this machine that RUN steps see, read-only, at `target`."""

    source: Path
    target: str


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Where to find trusted certificates (None: the image's own) and pip's settings."""

    ca_bundle: Path | None
    settings: Mapping[str, str]


def find_trust(*, ca_bundle: Path | None, pip_config: Path | None) -> Trust:
    """What the options name, else what pip of this machine uses (`pip config list`)."""
    settings = read_config(pip_config) if pip_config else _ask_pip()
    bundle = ca_bundle or (Path(settings["cert"]) if "cert" in settings else None)
    if bundle is not None and not bundle.is_file():
        raise BuildError(
            f"The CA bundle {bundle} is not a file. Name one with --ca-bundle or correct the "
            "setting `cert` of pip."
        )
    return Trust(
        ca_bundle=bundle, settings={key: settings[key] for key in _KEPT if key in settings}
    )


@contextmanager
def mounted(trust: Trust) -> Iterator[tuple[Mount, ...]]:
    """The mounts that give a build this trust; their files exist while the context is open."""
    settings, folders = localise(trust.settings)
    if trust.ca_bundle is not None:
        settings = {**settings, "cert": f"{_INSIDE}/trust/ca-bundle.crt"}
    if not set(settings).difference(_PATIENCE):
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="orquestra-trust-") as private:
        trusted = Path(private) / "trust"
        trusted.mkdir(mode=0o755)  # the build's user 1000 reads it, inside of a private folder
        if trust.ca_bundle is not None:
            shutil.copyfile(trust.ca_bundle, trusted / "ca-bundle.crt")
        (trusted / "pip.conf").write_text(render_config(settings), encoding="utf-8")
        yield (
            Mount(source=trusted, target=f"{_INSIDE}/trust"),
            Mount(source=trusted / "pip.conf", target="/etc/pip.conf"),
            *folders,
        )


def read_config(path: Path) -> dict[str, str]:
    """The settings of a pip configuration file that apply to installing."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, configparser.Error) as error:
        raise BuildError(f"The pip configuration {path} cannot be read: {error}.") from error
    sections = (dict(parser[name]) for name in _SECTIONS if parser.has_section(name))
    return _named_alike(pair for section in sections for pair in section.items())


def parse_config_list(printed: str) -> dict[str, str]:
    """The settings that `pip config list` prints, one `section.key='value'` a line."""
    found: list[tuple[int, str, str]] = []
    for line in printed.splitlines():
        name, separator, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if separator and section in _SECTIONS:
            found.append((_SECTIONS.index(section), key, str(ast.literal_eval(value))))
    found.sort(key=lambda setting: setting[0])
    return _named_alike((key, value) for _, key, value in found)


def localise(settings: Mapping[str, str]) -> tuple[dict[str, str], tuple[Mount, ...]]:
    """Settings with every folder of this machine replaced by the place where a build sees it.

    A local index is mounted with the folder around it: its pages link to files beside it.
    """
    folders: dict[Path, str] = {}
    localised = dict(settings)
    for key in _PLACES:
        places = [_inside(place, key, folders) for place in settings.get(key, "").split()]
        if places:
            localised[key] = "\n".join(places)
    return localised, tuple(Mount(source=path, target=to) for path, to in folders.items())


def render_config(settings: Mapping[str, str]) -> str:
    """A pip configuration file with these settings."""
    lines = (
        f"{key} = {value.replace(chr(10), chr(10) + '    ')}" for key, value in settings.items()
    )
    return "\n".join(["[global]", *lines, ""])


def _inside(place: str, key: str, folders: dict[Path, str]) -> str:
    path = _local_folder(place)
    if path is None:
        return place
    around = key in _INDEXES and path.parent != Path(path.anchor)
    root = path.parent if around else path
    target = folders.setdefault(root, f"{_INSIDE}/folders/{len(folders)}")
    return "file://" + (target if root == path else f"{target}/{path.name}")


def _local_folder(place: str) -> Path | None:
    address = urlsplit(place)
    if address.scheme not in ("", "file"):
        return None
    path = Path(unquote(address.path))
    return path if path.is_absolute() and path.is_dir() else None


def _named_alike(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    spelled = ((key.replace("_", "-").lower(), value) for key, value in pairs)
    return {key.removeprefix("default-"): value for key, value in spelled}


def _ask_pip() -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "config", "list"]
    return parse_config_list(run(command, failure="pip does not tell its settings."))
