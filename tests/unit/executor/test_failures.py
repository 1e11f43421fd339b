"""What a user reads when a task was cut off."""

import pytest

from orquestra.executor import failures
from orquestra.executor.failures import Reason, TaskFacts
from orquestra.executor.memory import NodeMemory, read_node_memory

GIB = 2**30
FACTS = TaskFacts(name="eat", memory="1Gi")


def test_running_out_of_memory_says_the_numbers():
    failure = failures.out_of_memory(FACTS, used=2 * GIB - 70 * 2**20, limit=2 * GIB)

    assert failure.reason is Reason.CRASH
    assert failure.message.startswith(
        "Task 'eat' ran out of memory on its node: 1.93 GiB of 2.00 GiB were in use "
        "(the task asked for memory='1Gi')."
    )


def test_a_death_without_a_kill_for_memory_is_a_crash():
    failure = failures.crash(FACTS)

    assert failure.reason is Reason.CRASH
    assert "died without an exception" in failure.message


def test_the_numbers_of_rays_memory_monitor_are_taken_from_its_message():
    text = "... where the lease (...) was running was 1.94GB / 2.00GB (0.97), which exceeds ..."

    assert failures.ray_memory(text) == (1.94 * GIB, 2.0 * GIB)
    assert failures.ray_memory("another text") is None


def test_a_failed_installation_ends_with_pips_last_lines():
    said = "\n".join([*(f"line {n}" for n in range(20)), "ERROR: No matching distribution"])

    failure = failures.environment(FACTS, said=said)

    assert failure.reason is Reason.ENVIRONMENT
    assert failure.message.splitlines()[0].startswith("The dependency_imports of task 'eat'")
    assert failure.message.endswith("ERROR: No matching distribution")
    assert "line 3" not in failure.message


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_both_kinds_of_cgroup_are_read(tmp_path, version):
    files = {
        "v1": {
            "memory/memory.max_usage_in_bytes": "1000\n",
            "memory/memory.limit_in_bytes": "2000\n",
            "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        },
        "v2": {
            "memory.peak": "1000\n",
            "memory.max": "2000\n",
            "memory.events": "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\n",
        },
    }[version]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert read_node_memory(tmp_path) == NodeMemory(peak=1000, limit=2000, oom_kills=3)


def test_without_limits_there_are_zeros(tmp_path):
    (tmp_path / "memory.max").write_text("max\n")

    assert read_node_memory(tmp_path) == NodeMemory(peak=0, limit=0, oom_kills=0)


ELEMENT = TaskFacts(name="eat", memory=None, element=7)


@pytest.mark.parametrize(
    ("facts", "message", "tries", "told"),
    [
        (FACTS, "ValueError: no", 1, "ValueError: no"),
        (FACTS, "ValueError: no", 4, "ValueError: no (tried 4 times)"),
        (ELEMENT, "ValueError: no", 0, "Element 7 of task 'eat' failed: ValueError: no"),
        (ELEMENT, failures.crash(ELEMENT).message, 0, failures.crash(ELEMENT).message),
        (
            ELEMENT,
            failures.timeout(ELEMENT, seconds=5).message,
            2,
            f"{failures.timeout(ELEMENT, seconds=5).message} (tried 2 times)",
        ),
    ],
)
def test_a_message_tells_its_element_and_how_often_it_was_tried(facts, message, tries, told):
    assert failures.told(facts, message, tries=tries) == told


def test_a_very_long_message_still_says_how_often_it_was_tried():
    told = failures.told(FACTS, "x" * 10_000, tries=3)

    assert len(told) == failures.MOST_TEXT
    assert told.endswith("x (tried 3 times)")


def test_a_timeout_says_how_long_it_was_and_the_way_out():
    failure = failures.timeout(FACTS, seconds=90.0)

    assert failure.reason is Reason.TIMEOUT
    assert failure.message.startswith("Task 'eat' was ended: it took longer than its timeout of 90")
    assert "timeout=" in failure.message
