"""Python modules of the user, found by their dotted name or by their path."""

import importlib
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.workflow.frames import user_frames


def load(module: str) -> ModuleType:
    """Import a module of the user.

    Dotted names are looked for in the current folder first. So are files below it that have a
    dotted name there, or below its `src`; any other file runs as `python FILE` would run it.

    Raises:
        Failure: there is no such file, or importing it failed.
    """
    file = _find_file(module)
    try:
        if file is None:
            sys.path.insert(0, str(Path.cwd()))
            return importlib.import_module(module)
        return _import_file(file)
    except SystemExit as end:
        raise _ended(module, end) from end
    except Exception as error:  # importing runs the user's code, which can raise anything
        failure = Failure(
            f"the module {module} cannot be imported: {type(error).__name__}: {error}",
            code=ExitCode.INVALID_WORKFLOW_MODULE,
            hint=f"modules are looked for in {(file.parent if file else Path.cwd())} and where "
            "Python has its packages",
        )
        failure.details = user_frames(error)
        raise failure from error


def _ended(module: str, end: SystemExit) -> Failure:
    failure = Failure(
        f"the module {module} ends the program when it is imported",
        code=ExitCode.INVALID_WORKFLOW_MODULE,
        hint='have only programs do that: put it below `if __name__ == "__main__":`',
    )
    failure.details = user_frames(end)
    return failure


def dotted_name(file: Path) -> str | None:
    """The name to import a file by from the current folder or its `src`; None for no such name."""
    if not file.is_relative_to(Path.cwd()):
        return None
    parts = list(file.relative_to(Path.cwd()).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    if parts[:1] == ["src"] and len(parts) > 1:
        parts.pop(0)
    return ".".join(parts) if parts and all(map(str.isidentifier, parts)) else None


def _find_file(module: str) -> Path | None:
    if not (module.endswith(".py") or os.sep in module or "/" in module):
        _check_dotted_name(module)
        return None
    path = Path(os.path.abspath(module))  # noqa: PTH100 - without following links, as Python
    file = path if path.suffix == ".py" else path.with_name(f"{path.name}.py")
    for candidate in (file, path / "__init__.py"):
        if candidate.is_file():
            return candidate
    raise Failure(
        f"there is no file {file}",
        code=ExitCode.INVALID_WORKFLOW_MODULE,
        hint=_how_to_say(module),
    )


def _check_dotted_name(module: str) -> None:
    if ":" in module or not all(module.split(".")):
        raise Failure(
            f"{module!r} is not the name of a module",
            code=ExitCode.INVALID_WORKFLOW_MODULE,
            hint=_how_to_say(module),
        )


def _how_to_say(module: str) -> str:
    if ":" in module:
        return "give MODULE and NAME apart, not with a colon between them"
    return "give the path of a Python file, or the dotted name of a module"


def _import_file(file: Path) -> ModuleType:
    here = Path.cwd()
    name = dotted_name(file)
    if name is not None:
        # The folder is last: files beside it are found, and none hides a module of Python.
        sys.path[:] = [str(here), str(here / "src"), *sys.path, str(file.parent)]
        if _leads_to(name, file):
            return importlib.import_module(name)
    sys.path.insert(0, str(file.parent))
    return _run_file(file)


def _leads_to(name: str, file: Path) -> bool:
    """Whether importing the name gives that file, not another module of the same name."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # a package above the file imports what is not installed
        return False
    except ValueError:  # a module that Python made itself, such as `__main__`
        return False
    if spec is None or spec.origin is None or not spec.has_location:  # nothing, or in Python itself
        return False
    return Path(spec.origin).samefile(file)


def _run_file(file: Path) -> ModuleType:
    name = re.sub(r"\W", "_", file.stem)
    while name in sys.modules:
        name += "_"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pickling looks modules up by name
    spec.loader.exec_module(module)
    return module
