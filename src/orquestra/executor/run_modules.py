"""The user's own modules, kept apart for each run that a worker takes calls of.

On a shared cluster a worker outlives runs, and between two of them a user may edit a module that
tasks import. So each run has its own copy of such modules. Installed packages, the standard
library and Orquestra are shared by all runs.
"""

import importlib
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from orquestra.sdk.schema.workflow_run import WorkflowRunId

_OWN = "orquestra"
_LIBRARIES = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_PACKAGES = frozenset({"site-packages", "dist-packages"})


class RunModules:
    """Sees to it that `sys.modules` holds what belongs to one run and to all."""

    def __init__(self) -> None:
        """What is imported by now is shared by all runs."""
        self._shared = set(sys.modules)
        self._aside: dict[WorkflowRunId, dict[str, ModuleType]] = {}
        self._run_id: WorkflowRunId | None = None

    def switch(self, run_id: WorkflowRunId) -> None:
        """Calls of a run follow: put its modules in, those of another run aside."""
        if run_id == self._run_id:
            return
        if self._run_id is not None:
            self._aside[self._run_id] = self._take_out()
        sys.modules.update(self._aside.pop(run_id, {}))
        importlib.invalidate_caches()
        self._run_id = run_id

    def forget(self, run_id: WorkflowRunId) -> None:
        """A run is over: its modules are not needed any more."""
        self._aside.pop(run_id, None)
        if run_id == self._run_id:
            self._take_out()
            self._run_id = None

    def _take_out(self) -> dict[str, ModuleType]:
        found = {}
        for name in sys.modules.keys() - self._shared:
            module = sys.modules[name]
            if _is_users(name, module):
                found[name] = module
            else:
                self._shared.add(name)
        for name in found:
            del sys.modules[name]
        return found


def _is_users(name: str, module: ModuleType) -> bool:
    if name.partition(".")[0] == _OWN:
        return False
    # A namespace package has no file, but folders.
    place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    if not place:
        return False
    path = Path(place)
    if _PACKAGES.intersection(path.parts):
        return False
    return not any(path.is_relative_to(library) for library in _LIBRARIES)
