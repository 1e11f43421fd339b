import json
from typing import Any

import pytest


class LoginsFile:
    """Writes the file of logins."""

    def __init__(self, path):
        self._path = path

    def __call__(self, **options: dict[str, Any]) -> None:
        """Runtime options of logins of Compute Engines, by name."""
        for name, given in options.items():
            self.add(name, "CE_REMOTE", **given)

    def add(self, name: str, runtime: str, **options: Any) -> None:
        content = json.loads(self._path.read_text()) if self._path.exists() else {"configs": {}}
        content["configs"][name] = {
            "config_name": name,
            "runtime_name": runtime,
            "runtime_options": options,
        }
        self._path.write_text(json.dumps(content))


@pytest.fixture
def write_logins(orq, tmp_path):
    return LoginsFile(tmp_path / "config.json")


@pytest.fixture
def saved(orq, tmp_path):
    """Reads the file of logins: runtime options by name."""

    def read():
        configs = json.loads((tmp_path / "config.json").read_text())["configs"]
        return {name: config["runtime_options"] for name, config in configs.items()}

    return read
