"""What a task finds in its container, and what becomes of one that takes too much."""

import pytest

from orquestra import sdk

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]


def has_library(name):
    import ctypes

    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


@sdk.task(env_vars={"COLOUR": "blue"})
def look_around(tag):
    import os
    import shutil
    import subprocess
    import sys
    from pathlib import Path

    print("looking around in", tag)
    subprocess.run(["sh", "-c", "echo a child speaks >&2"], check=True)
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "gnuplot": shutil.which("gnuplot"),
        "python": sys.version_info[:2],
        "capabilities": int(status["CapEff"], 16),
        "no_new_privileges": status["NoNewPrivs"],
        "variable": os.environ.get("COLOUR"),
        "engine_secrets": [name for name in os.environ if "TOKEN" in name and "RAY" not in name],
        "socket": Path("/run/orquestra").exists(),
        "gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "cuda": has_library("libcudart.so.12"),
    }


@sdk.task
def plot():
    import subprocess

    done = subprocess.run(["gnuplot", "--version"], capture_output=True, text=True, check=True)
    return done.stdout


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi", gpu="1"))
def surroundings(stubborn, gnuplot):
    return (
        look_around("default"),
        look_around("stubborn").with_custom_image(stubborn).with_env_variables({"COLOUR": "red"}),
        look_around("gnuplot").with_custom_image(gnuplot),
        look_around("gpu").with_resources(gpu="1"),
        plot().with_custom_image(gnuplot).with_resources(gpu="0"),
    )


def test_every_task_runs_in_its_own_image_as_a_user_without_rights(
    config, finish, stubborn_image, gnuplot_image, engine
):
    run = surroundings(stubborn_image, gnuplot_image).run(config)
    status = finish(run)
    assert status.status.state is sdk.State.SUCCEEDED, status.message

    default, stubborn, gnuplot, gpu, version = run.get_results()

    for found in (default, stubborn, gnuplot, gpu):
        assert (found["uid"], found["gid"]) == (1000, 100)
        assert found["capabilities"] == 0
        assert found["no_new_privileges"] == "1"
        assert found["engine_secrets"] == []
        assert found["socket"] is False
    assert [bool(found["gnuplot"]) for found in (default, stubborn, gnuplot, gpu)] == [
        False,
        False,
        True,
        False,
    ]
    assert version.startswith("gnuplot")
    assert (default["variable"], stubborn["variable"]) == ("blue", "red")
    assert (default["cuda"], gpu["cuda"]) == (False, True)
    assert gpu["gpus"] == "0"
    images = {pool.image for pool in run.get_nodes()}
    assert any("-cuda" in image for image in images)


def test_an_entrypoint_is_not_run_and_the_user_is_told(config, engine, finish, stubborn_image):
    run = greeting(stubborn_image).run(config)
    finish(run)

    seen = engine.orq("wf", "view", run.run_id, "-c", config.name, "--json")

    assert run.get_results() == "hello"
    assert "ENTRYPOINT" in seen
    assert "/bin/echo" in seen
    assert "CMD" in seen


@sdk.task
def greet():
    import sys

    print("to whom it may concern")
    print("careful", file=sys.stderr)
    return "hello"


@sdk.workflow(resources=sdk.Resources(cpu="500m", memory="600Mi"))
def greeting(image):
    return greet().with_custom_image(image)


@sdk.task(resources=sdk.Resources(memory="500Mi"))
def eat(step):
    import time

    eaten = []
    while True:
        eaten.append(bytearray(step))
        time.sleep(0.02)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def eating(step):
    return eat(step)


@pytest.mark.parametrize("step", [20 * 2**20, 900 * 2**20], ids=["slowly", "at once"])
def test_a_task_that_eats_memory_ends_and_the_run_says_so_with_numbers(config, finish, step):
    run = eating(step).run(config)

    status = finish(run)

    assert status.status.state is sdk.State.FAILED
    assert "eat" in status.message
    assert "out of memory" in status.message
    assert "1.00 GiB" in status.message
    assert "500Mi" in status.message
