"""Installing Python packages for tasks, with pip itself and with programs that play it."""

import fcntl
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from orquestra.executor import installation
from orquestra.executor.installation import InstallRequest, install
from orquestra.executor.virtual_environments import Tool, see_image, tools


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    folder = tmp_path / "environments"
    monkeypatch.setenv("ORQUESTRA_ENVIRONMENTS", str(folder))
    return folder


@pytest.fixture
def wheels(tmp_path):
    """A folder with one small package."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "tiny_thing-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_thing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_thing.py", "NUMBER = 5\n")
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\nRequires-Dist: numpy>1\n",
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return folder


def request(*packages, options=()):
    return InstallRequest("key", packages, options)


def texts(result):
    return [text for _, text in result.lines]


def test_pip_installs_what_is_missing_beside_what_the_image_has(wheels, monkeypatch):
    pip_alone(monkeypatch)
    options = ("--no-index", "--find-links", str(wheels))

    result = install(request("tiny-thing", options=options))

    assert result.problem is None
    assert "Successfully installed tiny-thing-1.0" in texts(result)
    code = "import tiny_thing, numpy, orquestra.executor.worker; print(numpy.__file__)"
    found = subprocess.check_output([result.python, "-c", code], text=True)
    assert Path(found.strip()).is_relative_to(sys.prefix)
    assert install(request("tiny-thing", options=options)).lines == []


def test_what_pip_says_is_the_problem(wheels, monkeypatch):
    pip_alone(monkeypatch)
    result = install(request("no-such-thing", options=("--no-index",)))

    assert result.python is None
    assert "ERROR: No matching distribution found for no-such-thing" in result.problem


def pip_alone(monkeypatch):
    found = [tool for tool in tools(Path("any")) if tool.name == "pip"]
    assert found, "the development environment has pip"
    monkeypatch.setattr(
        installation,
        "tools",
        lambda folder: [tool for tool in tools(folder) if tool.name == "pip"],
    )


def test_packages_and_options_reach_the_program_and_its_lines_come_back(play):
    play('echo "$@"; echo to err >&2')

    result = install(request("a>1", "b", options=("--pre",)))

    assert texts(result) == ["--pre -- a>1 b", "to err"]


def test_an_environment_that_is_there_is_not_built_again(play, root):
    play("true")
    first = install(request("a"))

    second = install(request("a"))

    assert first.python == second.python
    (log,) = root.glob("*.log")
    assert log.read_text() == "create 1\n"


def test_an_interrupted_build_is_done_again(play, root):
    play("true")
    python = Path(install(request("a")).python)
    folder = python.parent.parent
    (folder / "orquestra-ready").unlink()
    (folder / "half a package").touch()

    assert install(request("a")).python == str(python)
    assert not (folder / "half a package").exists()


def test_an_environment_whose_python_has_gone_is_built_again(play):
    play("true")
    python = Path(install(request("a")).python)
    python.unlink()
    python.symlink_to("/nowhere/python")

    install(request("a"))

    assert python.exists()


def test_where_the_first_program_fails_the_next_one_has_the_last_word(play):
    play("echo cannot; exit 1", "echo can")
    assert texts(install(request("a"))) == [
        "cannot",
        "tool 1 could not do it. pip tries it now.",
        "can",
    ]

    play("echo cannot; exit 1", "echo ERROR: no >&2; exit 2")
    failed = install(request("b")._replace(key="another"))

    assert (failed.python, failed.problem) == (None, "ERROR: no")


def test_without_a_program_the_way_out_is_named(play):
    play()

    assert "Neither uv nor pip is installed" in install(request("a")).problem


def test_what_takes_too_long_is_ended_with_all_its_children(play):
    play("sleep 60 & wait")

    result = install(request("a"), limit=timedelta(seconds=0.3))

    assert result.problem.startswith("ERROR: Installing took longer than 0.005 minutes. Build an")


def test_while_another_node_builds_it_is_waited_for(play, root):
    play("true")
    python = Path(install(request("a")).python)
    folder = python.parent.parent
    (folder / "orquestra-ready").unlink()
    with folder.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        late = install(request("a"), limit=timedelta(seconds=0))

    assert "took longer" in late.problem
    assert install(request("a")).problem is None


def test_for_uv_each_package_of_the_image_has_a_stand_in(tmp_path):
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / "lib" / version / "site-packages"
    packages.mkdir(parents=True)

    see_image(tmp_path, Tool(name="uv", create=(), install=(), sees_image=False))

    (metadata,) = packages.glob("numpy-*.dist-info/METADATA")
    assert "Name: numpy" in metadata.read_text()
    assert not (packages / "numpy").exists()
    record = metadata.with_name("RECORD").read_text().splitlines()
    assert {line.split(",")[0] for line in record} == {
        str(path.relative_to(packages)) for path in metadata.parent.iterdir()
    }


def test_what_an_interrupted_pip_leaves_in_the_image_has_no_stand_in(tmp_path, monkeypatch):
    image = tmp_path / "site-packages"
    whole = "Metadata-Version: 2.1\nName: thing\nVersion: {}\n"
    found = {
        "thing-1.0": whole.format("1.0"),
        "~hing-0.9": whole.format("0.9"),
        "~ther-1.0": None,
        "empty-1.0": "",
    }
    for name, text in found.items():
        folder = image / f"{name}.dist-info"
        folder.mkdir(parents=True)
        if text is not None:
            (folder / "METADATA").write_text(text)
    own = tmp_path / "own" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (own / "site-packages").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(image)])

    see_image(tmp_path / "own", Tool(name="uv", create=(), install=(), sees_image=False))

    assert [path.name for path in own.glob("*/*.dist-info")] == ["thing-1.0.dist-info"]
