"""`orq up`, `down`, `restart` and `status`, over fake engines that are real processes."""

import json
import re
import subprocess
import sys

import pytest

from orquestra.cli.services import starting
from orquestra.cli.services.starting import StartOptions
from orquestra.engine.settings import DataFolder
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.local_engine import LocalEngineFile
from tests.unit.cli.canned_engine import token
from tests.unit.cli.services.conftest import FAKE

RUN = "fit-aB3xZ-r000"


def test_up_starts_an_engine_and_says_where_it_is_and_what_to_do(orq, engines):
    result = orq("up")

    assert result.exit_code == 0, result.output
    file = local_engine.find(engines.data)
    assert "Local engine" in result.stdout
    assert "Running" in result.stdout
    assert file.url in result.stdout
    assert "orq wf submit MODULE -c local" in result.stdout
    assert "export" not in result.stdout


def test_up_a_second_time_leaves_the_engine_as_it_is(orq, engines):
    first = orq.json("up", "--ray")

    second = orq.json("up", "--all")

    assert (first["started"], second["started"]) == (True, False)
    assert (first["pid"], first["url"]) == (second["pid"], second["url"])
    assert "Was running already." in orq("up").stdout
    assert "`orq restart` changes" in orq("up", "--simulate-gpu", "1").stderr


def test_up_tells_of_the_engine_that_it_started_however_busy_that_is_then(
    orq, engines, monkeypatch
):
    start = starting.start
    with monkeypatch.context() as patches:

        def busy_afterwards(options):
            file = start(options)
            patches.setattr(local_engine, "find", lambda _: None)
            return file

        patches.setattr(starting, "start", busy_afterwards)
        result = orq("up")

    assert result.exit_code == 0, result.output
    assert "Running" in result.stdout
    assert local_engine.find(engines.data).url in result.stdout


def test_up_on_another_folder_says_how_programs_find_it(orq, engines, tmp_path):
    other = tmp_path / "other"

    result = orq("up", "--data", str(other))

    assert f"export ORQ_LOCAL_DATA={other}" in result.stdout
    assert local_engine.find(engines.data) is None
    assert orq("down", "--data", str(other)).exit_code == 0


def test_an_engine_that_cannot_start_is_told_with_the_end_of_its_log(orq, engines):
    engines.modes = ["broken"]

    result = orq("up")

    assert result.exit_code == 13
    assert "error: there is no Ray here" in result.stderr
    assert str(engines.data / "engine.log") in result.stderr


def test_an_engine_that_is_given_up_while_it_starts_is_ended(orq, engines, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(starting, "wait_for", interrupted)

    result = orq("up")

    assert result.exit_code == 130
    assert result.stderr.endswith("cancelled\n")

    assert local_engine.holder(engines.data) is None


def test_only_what_this_start_wrote_is_shown_of_the_log(orq, engines):
    engines.data.mkdir()
    (engines.data / "engine.log").write_text("an old trouble\n")
    engines.modes = ["broken"]

    assert "an old trouble" not in orq("up").stderr


@pytest.mark.parametrize(
    ("mode", "reason"), [("slow", "not ready after 1 s"), ("sick", "The disk is full. Its")]
)
def test_an_engine_that_does_not_get_ready_is_ended_with_the_reason(orq, engines, mode, reason):
    engines.modes = [mode]

    result = orq("up")

    assert result.exit_code == 13
    assert f"the local engine did not start: {reason}" in result.stderr.replace("it was ", "")
    assert local_engine.holder(engines.data) is None


def test_up_after_a_killed_engine_starts_another(orq, engines):
    old = orq.json("up")["pid"]
    engines.kill()

    document = orq.json("up")

    assert document["started"]
    assert document["pid"] != old


def test_a_file_that_names_another_server_is_not_believed(orq, engines, engine):
    stray = LocalEngineFile(pid=1, url=engine.uri, token=token(), version="2")
    local_engine.write(engines.data, stray)

    assert orq.json("status")["state"] == "Not Running"
    assert orq.json("up")["started"]


def test_an_engine_that_does_not_answer_is_told(orq, engines):
    engines.data.mkdir()
    command = [sys.executable, str(FAKE), str(engines.data), "slow", token()]
    with subprocess.Popen(command) as process:
        try:
            while not local_engine.holder(engines.data):
                assert process.poll() is None

            result = orq("up")

            assert result.exit_code == 13
            assert f"process {process.pid}, does not answer" in result.stderr
            assert orq.json("status")["state"] == "Not Answering"
        finally:
            process.kill()


def test_down_ends_the_engine_and_names_the_runs_that_will_go_on(orq, engines):
    orq("up")

    result = orq("down")

    assert result.exit_code == 0
    assert "Stopped." in result.stdout
    assert f"1 run is not finished, and will go on at the next `orq up`:\n  {RUN}" in result.stdout
    assert local_engine.holder(engines.data) is None
    assert not local_engine.file_path(engines.data).exists()


def test_down_where_nothing_runs_is_no_failure_and_starts_nothing(orq, engines):
    document = orq.json("down")

    assert (document["state"], document["stopped"]) == ("Not Running", False)
    assert engines.started == []


def test_down_after_a_killed_engine_has_another_one_clean_up(orq, engines):
    orq("up")
    engines.kill()

    document = orq.json("down")

    assert document["stopped"]
    assert engines.started == ["well", "well"]
    assert local_engine.holder(engines.data) is None
    assert not local_engine.file_path(engines.data).exists()


@pytest.mark.parametrize("trace", ["clusters/local-0a1b2c3d", "containers"])
def test_down_after_an_engine_that_was_killed_without_its_file_has_another_one_clean_up(
    orq, engines, trace
):
    """It had not written the file yet, or had deleted it and was taking its cluster away."""
    (DataFolder(engines.data).runtime / trace).mkdir(parents=True)

    document = orq.json("down")

    assert document["stopped"]
    assert engines.started == ["well"]
    assert local_engine.holder(engines.data) is None


def test_down_after_an_engine_that_took_everything_away_starts_none(orq, engines):
    DataFolder(engines.data).clusters.mkdir(parents=True)
    local_engine.lock_path(engines.data).touch()

    assert not orq.json("down")["stopped"]
    assert engines.started == []


def test_an_engine_that_is_killed_while_it_ends_is_cleaned_up_after(orq, engines):
    engines.modes = ["parking"]
    orq("up")
    (DataFolder(engines.data).clusters / "local-0a1b2c3d").mkdir(parents=True)

    assert orq.json("down")["stopped"]

    assert engines.started == ["parking", "well"]


def test_an_engine_that_does_not_listen_is_killed_and_cleaned_up_after(orq, engines):
    engines.modes = ["deaf"]
    orq("up")

    assert orq.json("down")["stopped"]

    assert engines.started == ["deaf", "well"]
    assert local_engine.holder(engines.data) is None


def test_restart_gives_another_engine(orq, engines):
    first = orq.json("up")

    second = orq.json("restart")

    assert second["started"]
    assert second["pid"] != first["pid"]
    assert orq.json("status")["pid"] == second["pid"]


def test_status_tells_what_the_engine_does(orq, engines):
    orq("up")

    document = orq.json("status")

    assert document["state"] == "Running"
    assert document["cluster"] == "warming"
    assert document["unfinished_runs"] == [RUN]
    assert document["data"] == str(engines.data)
    table = orq("status").stdout
    for shown in (document["url"], str(document["pid"]), "2.0.0a1", "warming", RUN):
        assert shown in table


def test_status_where_nothing_runs_says_how_to_start(orq, engines):
    assert "`orq up` starts it" in orq("status").stdout


def test_two_folders_have_two_engines(orq, engines, tmp_path):
    other = ("--data", str(tmp_path / "other"))

    urls = {orq.json("up")["url"], orq.json("up", *other)["url"]}

    assert len(urls) == 2
    assert orq.json("down", *other)["stopped"]
    assert orq.json("status")["state"] == "Running"


@pytest.mark.parametrize(("gpus", "more"), [(0, []), (2, ["--simulate-gpu", "2"])])
def test_the_engine_is_started_by_this_python_without_the_current_folder(tmp_path, gpus, more):
    options = StartOptions(data=tmp_path, port=8400, simulated_gpus=gpus)

    assert options.command == [
        *(sys.executable, "-P", "-m", "orquestra.cli", "engine", "serve", "--local"),
        *("--data", str(tmp_path), "--port", "8400", *more),
    ]


def test_what_is_started_is_a_command_that_exists(tmp_path):
    command = [*StartOptions(data=tmp_path).command, "--help"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert "orq engine serve" in done.stdout


def test_commands_take_a_running_local_runtime_where_no_login_is_saved(orq, engines):
    orq("up")

    document = json.loads(orq("wf", "list", "--json").stdout)

    assert [run["run_id"] for run in document["runs"]] == [RUN]
    assert orq("wf", "list", "-c", "ray").exit_code == 0


def test_beside_a_saved_login_the_local_runtime_has_to_be_chosen(logged_in, engines, keyboard):
    logged_in("up")
    keyboard.types(keyboard.DOWN, keyboard.ENTER)

    (run,) = logged_in.json("wf", "list")["runs"]
    assert run["run_id"] == RUN


def test_a_run_is_looked_for_on_the_local_runtime_as_well(logged_in, engines, engine):
    logged_in("up")
    engine.answer_run()

    result = logged_in("wf", "view", "nothing-Ab1Cd-r000")

    assert logged_in.json("wf", "view", RUN)["run_id"] == RUN
    assert result.exit_code == 10
    assert re.search("local +Workflow run not found", result.stderr)


def test_commands_on_a_local_runtime_that_does_not_run_say_how_to_start_it(orq, engines):
    result = orq("wf", "list", "-c", "local")

    assert result.exit_code == 11
    assert "`orq up` starts it" in result.stderr
