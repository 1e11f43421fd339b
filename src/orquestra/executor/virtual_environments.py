"""Virtual environments on top of an image: what the image has, they have too.

A file `*.pth` puts the image's packages behind the environment's own. pip sees them and installs
only what is missing. uv looks into the environment alone, so for uv each package of the image
gets a stand-in there: its metadata, without its files.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

_COPIED = ("METADATA", "entry_points.txt", "direct_url.json")
_STAND_IN = ("INSTALLER", "orquestra\n")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that makes environments and installs into them."""

    name: str
    create: tuple[str, ...]
    install: tuple[str, ...]
    sees_image: bool


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / "bin" / "python"


def tools(folder: Path) -> list[Tool]:
    """What can install into an environment here, the best first."""
    return [*_uv(folder), *_pip(folder)]


def see_image(folder: Path, tool: Tool) -> None:
    """Let an environment see the packages of the Python that runs this."""
    places = [place for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = folder / "lib" / version / "site-packages"
    # `addsitedir` also reads the .pth files there, those of editable installs for instance.
    lines = [f"import site; site.addsitedir({place!r})\n" for place in places]
    (own / "_image_packages.pth").write_text("".join(lines))
    if not tool.sees_image:
        _write_stand_ins(own, places)


def _uv(folder: Path) -> Iterator[Tool]:
    program = shutil.which("uv")
    if program is None and find_spec("uv") is None:
        return
    uv = (program,) if program else (sys.executable, "-m", "uv")
    yield Tool(
        name="uv",
        create=(*uv, "venv", "--python", sys.executable, str(folder)),
        install=(*uv, "pip", "install", "--python", str(python_of(folder))),
        sees_image=False,
    )


def _pip(folder: Path) -> Iterator[Tool]:
    if find_spec("pip") is None:
        return
    yield Tool(
        name="pip",
        create=(sys.executable, "-m", "venv", "--without-pip", str(folder)),
        install=(sys.executable, "-m", "pip", "--python", str(python_of(folder)), "install"),
        sees_image=True,
    )


def _write_stand_ins(own: Path, places: Sequence[str]) -> None:
    for distribution in _distributions(places):
        told = distribution.metadata
        if "Name" not in told or "Version" not in told:
            continue
        folder = own / f"{told['Name'].replace('-', '_')}-{told['Version']}.dist-info"
        if folder.exists():
            continue
        folder.mkdir()
        texts = {file: distribution.read_text(file) for file in _COPIED}
        texts |= dict([_STAND_IN])
        written = {file: text for file, text in texts.items() if text is not None}
        for file, text in written.items():
            (folder / file).write_text(text)
        # With it, an installer that replaces the package can take the stand-in away.
        record = [f"{folder.name}/{file},,\n" for file in (*written, "RECORD")]
        (folder / "RECORD").write_text("".join(record))


def _distributions(places: Sequence[str]) -> Iterator[metadata.Distribution]:
    """What pip sees there: what it has left itself when it was interrupted begins with a tilde."""
    for place in places:
        for kind in ("dist", "egg"):
            yield from map(metadata.Distribution.at, Path(place).glob(f"[!~]*.{kind}-info"))
