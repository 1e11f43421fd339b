import shutil
from typing import NamedTuple

import pytest

from orquestra.cli.doctor import machine
from orquestra.cli.doctor.findings import Verdict
from orquestra.cli.services.readiness import Readiness
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.local_engine import LocalEngineFile
from orquestra.sdk.packaging import get_installed_version

GIBIBYTE = 2**30


class Usage(NamedTuple):
    total: float
    used: float
    free: float


@pytest.mark.parametrize(
    ("free", "verdict"), [(100, Verdict.OK), (4, Verdict.NOTE), (0.5, Verdict.PROBLEM)]
)
def test_a_disk_should_have_room(monkeypatch, tmp_path, free, verdict):
    usage = Usage(100 * GIBIBYTE, 0, free * GIBIBYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    (finding,) = machine.check_disk(tmp_path / "not" / "there" / "yet")

    assert finding.verdict is verdict
    assert f"{free:.1f} GiB free" in finding.text


@pytest.mark.parametrize(("path", "verdict"), [("", Verdict.NOTE), (None, Verdict.OK)])
def test_graphviz_is_wanted_but_not_needed(monkeypatch, tmp_path, path, verdict):
    program = tmp_path / "dot"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path) if path is None else path)

    assert [finding.verdict for finding in machine.check_graphviz()] == [verdict]


class TestLocalRuntime:
    @pytest.fixture
    def running(self, monkeypatch):
        def run(version, *, trouble=None):
            file = LocalEngineFile(pid=1, url="http://127.0.0.1:9", token="t", version=version)
            ready = Readiness(is_ready=trouble is None, trouble=trouble)
            monkeypatch.setattr(local_engine, "find", lambda _: file)
            monkeypatch.setattr(machine.readiness, "ask", lambda _: ready)
            return [finding.verdict for finding in machine.check_local_runtime()]

        return run

    def test_that_runs_is_fine(self, running):
        assert running(get_installed_version("orquestra-sdk")) == [Verdict.OK]

    def test_of_another_release_is_a_problem(self, running):
        assert running("1.0.0") == [Verdict.OK, Verdict.PROBLEM]

    def test_that_is_not_ready_is_a_problem(self, running):
        own = get_installed_version("orquestra-sdk")

        assert running(own, trouble="no containers") == [Verdict.OK, Verdict.PROBLEM]

    @pytest.mark.parametrize(
        ("holder", "verdict", "fix"),
        [(None, Verdict.NOTE, "orq up"), (7, Verdict.PROBLEM, "orq restart")],
    )
    def test_that_does_not_answer(self, orq, monkeypatch, holder, verdict, fix):
        monkeypatch.setattr(local_engine, "holder", lambda _: holder)

        (finding,) = machine.check_local_runtime()

        assert (finding.verdict, finding.fix) == (verdict, fix)
