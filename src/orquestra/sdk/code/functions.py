"""Functions of the user on their way to where they run.

A function travels as a pickle that holds its own module by value: helpers, classes and globals
of that module go with it, everything else is named and must be importable at the other end. Local
modules are, because their files travel too (`local_modules`). A function whose code comes from
elsewhere is named itself.
"""

import importlib
import importlib.util
import os
import pickle
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

from orquestra.sdk.call_sites import definition_site, located
from orquestra.sdk.code.by_value import dumps
from orquestra.sdk.code.culprits import culprit
from orquestra.sdk.code.task_functions import TASK_BODY
from orquestra.sdk.exceptions import (
    FutureNotAValueError,
    InvalidTaskDefinitionError,
    WorkflowSyntaxError,
)
from orquestra.sdk.schema import ir
from orquestra.sdk.values import from_chunks, to_chunks

_MAIN = "__main__"


def encode_function(fn: Callable[..., Any]) -> list[str]:
    """Pickle a function with its module by value, as the chunks of an inline reference.

    Raises:
        WorkflowSyntaxError: the function uses something that cannot be pickled.
    """
    try:
        return to_chunks(dumps(fn, module=getattr(fn, "__module__", None)))
    except FutureNotAValueError as error:
        problem = (
            f"The code of task `{_name(fn)}` cannot be sent, because it uses the result of task "
            f"`{error.task_name}` from outside of it. Pass that result to `{_name(fn)}` as an "
            "argument."
        )
        raise WorkflowSyntaxError(located(problem, at=definition_site(fn))) from error
    except Exception as error:  # what a user's object raises when pickled can be anything
        found = culprit(fn)
        problem = (
            f"The code of task `{_name(fn)}` cannot be sent"
            f"{f', because of {found}' if found else ''}: {error}. Create the object in "
            "question inside the task instead of in the module around it."
        )
        raise WorkflowSyntaxError(located(problem, at=definition_site(fn))) from error


def module_reference(fn: Callable[..., Any], *, owner: str) -> ir.ModuleFunctionRef:
    """A function by its name, for a task whose source import brings its module.

    Raises:
        InvalidTaskDefinitionError: it has no name to import it by; `owner` says whose it is.
    """
    in_main = (fn.__module__ or _MAIN) == _MAIN  # None for code that exec() has run
    if in_main or "<" in fn.__qualname__:
        place = (
            "in the main program" if in_main else f"inside of something else, as {fn.__qualname__}"
        )
        raise InvalidTaskDefinitionError(
            f"{owner} is written {place}, where it cannot be imported from elsewhere, as its "
            "source import asks for. Move it to the top of a module, or let it travel in the "
            "workflow: source_import=sdk.InlineImport()."
        )
    return named_reference(fn)


def named_reference(fn: Callable[..., Any]) -> ir.ModuleFunctionRef:
    """A function by its name, with its place for display: the path is relative to this folder."""
    site = definition_site(fn)
    return ir.ModuleFunctionRef(
        module=fn.__module__ or _MAIN,
        function_name=fn.__qualname__.rpartition("<locals>.")[2],
        file_path=None if site is None else _relative(site.path),
        line_number=None if site is None else site.line,
    )


def load_function(
    ref: ir.ModuleFunctionRef | ir.FileFunctionRef | ir.InlineFunctionRef,
) -> Callable[..., Any]:
    """The plain function that a reference stands for.

    Raises:
        InvalidTaskDefinitionError: the code cannot be loaded here; the message says why.
    """
    try:
        loaded = _load(ref)
    except Exception as error:  # loading runs the user's code, which can raise anything
        raise InvalidTaskDefinitionError(_loading_problem(ref.function_name, error)) from error
    function: Callable[..., Any] = getattr(loaded, TASK_BODY, loaded)
    return function


def _name(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__name__", repr(fn))


def _relative(path: str) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # Windows: another drive
        return path


def _load(ref: ir.ModuleFunctionRef | ir.FileFunctionRef | ir.InlineFunctionRef) -> Any:
    if isinstance(ref, ir.InlineFunctionRef):
        return pickle.loads(from_chunks(ref.encoded_function))
    if isinstance(ref, ir.ModuleFunctionRef):
        module = importlib.import_module(ref.module)
    else:
        module = _run_file(Path(ref.file_path))
    return reduce(getattr, ref.function_name.split("."), module)


def _run_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _loading_problem(function_name: str, error: Exception) -> str:
    problem = f"The code of task `{function_name}` cannot be loaded: {error}."
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"{problem} If it is a package: use an image that has {error.name!r}, or add the "
            "package that brings it to the task's dependency_imports. If it is a file of yours: "
            "modules in the folder of the workflow travel along where an import statement names "
            "them; others belong into that folder, into a package or into the image."
        )
    return f"{problem} Check that it was made by the same minor version of Python."
