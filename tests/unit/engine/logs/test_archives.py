import io
import tracemalloc

from orquestra.engine.logs.archives import archive
from orquestra.sdk.logs import read_task_logs


def event(text: str):
    return (1.0, {"tag": "workflow.logs", "log_filename": "/a.out", "log": text})


def test_an_archive_holds_its_events_in_order():
    texts = [f"line {number}" for number in range(1201)]

    with archive(event(text) for text in texts) as packed:
        assert read_task_logs(packed.read()).out == texts


def test_no_events_are_an_archive_too():
    with archive([]) as packed:
        assert read_task_logs(packed.read()).out == []


def test_a_long_log_is_never_in_memory_as_a_whole():
    events = (event("x" * 1000) for _ in range(20_000))

    tracemalloc.start()
    with archive(events) as packed:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        size = packed.seek(0, io.SEEK_END)

    assert size > 0
    assert peak < 8_000_000
