import os
import threading

from orquestra.sdk.in_process.surroundings import variables_set


def test_tasks_in_two_threads_do_not_mix_their_variables():
    seen = []
    is_set = threading.Event()

    def set_another():
        with variables_set({"PLACE": "second"}):
            seen.append(os.environ["PLACE"])
            is_set.set()

    second = threading.Thread(target=set_another, daemon=True)
    with variables_set({"PLACE": "first"}):
        second.start()
        assert not is_set.wait(0.1)
        assert os.environ["PLACE"] == "first"
    second.join(2)

    assert seen == ["second"]
    assert "PLACE" not in os.environ


def test_a_task_without_variables_waits_for_nobody():
    is_done = threading.Event()

    def do_without():
        with variables_set(None):
            is_done.set()

    with variables_set({"PLACE": "first"}):
        threading.Thread(target=do_without, daemon=True).start()
        assert is_done.wait(2)


def test_a_run_inside_a_task_sets_its_own_variables():
    with variables_set({"PLACE": "outside"}):
        with variables_set({"PLACE": "inside"}):
            assert os.environ["PLACE"] == "inside"
        assert os.environ["PLACE"] == "outside"
