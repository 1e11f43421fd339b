"""Results that are used again, and those that are not."""

from orquestra import sdk
from tests.unit.sdk import user_projects


def test_a_cached_result_is_used_again_for_equal_inputs(execute, tmp_path):
    count = tmp_path / "count"

    @sdk.task(cache=True)
    def slow(n, where):
        with where.open("a") as file:
            file.write("x")
        return n + 1

    first = execute(slow, 1, count)
    again = execute(slow, 1, count)
    other = execute(slow, 2, count)

    assert [run.get_results() for run in (first, again, other)] == [2, 2, 3]
    assert count.read_text() == "xx"
    message = again.get_status_model().task_runs[0].message
    assert message == f"Reused the result of run {first.run_id}"


def test_a_secret_counts_by_its_name_as_on_an_engine(execute, tmp_path, monkeypatch):
    values = iter(["old", "new", "other"])
    monkeypatch.setattr(sdk.secrets, "get", lambda *_, **__: next(values))

    @sdk.task(cache=True)
    def use(key):
        return key

    runs = [execute(use, sdk.Secret(name)) for name in ("key", "key", "another")]

    assert [run.get_results() for run in runs] == ["old", "old", "other"]


def test_a_cached_result_that_is_too_old_is_made_anew(execute, tmp_path):
    count = tmp_path / "count"

    @sdk.task(cache=sdk.CachePolicy(max_age=0))
    def fresh(where):
        with where.open("a") as file:
            file.write("x")

    for _ in range(2):
        execute(fresh, count)

    assert count.read_text() == "xx"


def test_a_cached_result_is_made_anew_after_the_code_of_an_argument_has_changed(tmp_path):
    flow = (
        "import orquestra.sdk as sdk\n"
        "import scales\n"
        "@sdk.task(cache=True)\n"
        "def use(scale, n):\n    return scale.apply(n)\n"
        "@sdk.workflow\n"
        "def wf():\n    return use(scales.Scale(), 5)\n"
        "@sdk.workflow\n"
        "def mapped():\n    return sdk.map(use, [scales.Scale()], [6])\n"
    )

    def results(body):
        scales = f"class Scale:\n    def apply(self, n):\n        return {body}\n"
        user_projects.write(tmp_path, {"cached_flow.py": flow, "scales.py": scales})
        with user_projects.imported(tmp_path, "cached_flow") as module:
            runs = [workflow().run("in_process") for workflow in (module.wf, module.mapped)]
            return [run.get_results() for run in runs]

    assert results("n") == [5, [6]]
    assert results("n * 10") == [50, [60]]


def test_an_object_counts_with_the_code_of_its_class_not_with_its_pickle(tmp_path):
    flow = (
        "import orquestra.sdk as sdk\n"
        "class Scale:\n    def apply(self, n):\n        return BODY\n"
        "@sdk.task(cache=True)\n"
        "def use(scales):\n    return scales[0].apply(5)\n"
        "@sdk.task\n"
        "def number():\n    return 1\n"
        "@sdk.workflow\n"
        "def wf():\n    return use([Scale(), number()])\n"
    )

    def reused_and_result(body):
        user_projects.write(tmp_path, {"scale_flow.py": flow.replace("BODY", body)})
        with user_projects.imported(tmp_path, "scale_flow") as module:  # a class of its own
            run = module.wf().run("in_process")
            messages = [task.message for task in run.get_status_model().task_runs]
            return any(messages), run.get_results()

    assert [reused_and_result(body) for body in ("n", "n", "n * 10")] == [
        (False, 5),
        (True, 5),
        (False, 50),
    ]


def test_containers_that_share_their_parts_are_compared_once_each(execute):
    @sdk.task
    def number():
        return 1

    @sdk.task(cache=True)
    def depth(nested):
        levels = 0
        while isinstance(nested, list):
            nested, levels = nested[0], levels + 1
        return levels

    nested = number()
    for _ in range(40):  # as a tree, 2**40 numbers
        nested = [nested, nested]

    assert [execute(depth, nested).get_results() for _ in range(2)] == [40, 40]
    assert any(
        task.message
        for task in sdk.list_workflow_runs("in_process")[0].get_status_model().task_runs
    )
