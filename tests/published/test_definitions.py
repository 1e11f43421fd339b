"""Our definitions of all `programs`, field by field beside those of the published client 1.1.0."""

import json
import sys

import pytest

from orquestra.sdk.code.functions import load_function
from orquestra.sdk.schema import ir
from tests.published.build_definitions import RUN
from tests.published.comparison import comparable, differences
from tests.published.conftest import FOLDER
from tests.published.differences import DIFFERENCES, OTHER_REFUSALS

MODULES = [
    *sorted(file.stem for file in (FOLDER / "programs").glob("*.py")),
    "random_workflows",
]


@pytest.fixture
def of_module(outcomes):
    """The programs of one module, with what a client made of them."""

    def select(module, *, client, what="built"):
        return {
            name: outcome
            for name, outcome in outcomes[client][what].items()
            if name.partition(".")[0] == module
        }

    return select


@pytest.fixture(autouse=True)
def classes_of_constants_can_be_imported(programs, monkeypatch):
    monkeypatch.syspath_prepend(programs)
    before = set(sys.modules)
    yield
    for name in {*MODULES} & (sys.modules.keys() - before):
        del sys.modules[name]


def test_there_are_programs_of_each_kind(outcomes):
    built = [outcome for outcome in outcomes["theirs"]["built"].values() if "definition" in outcome]

    assert len(built) > 400
    assert DIFFERENCES.keys() | OTHER_REFUSALS.keys() <= outcomes["theirs"]["built"].keys()


@pytest.mark.parametrize("module", MODULES)
def test_definitions_equal_those_of_the_published_client(module, of_module):
    ours, theirs = (of_module(module, client=client) for client in ("ours", "theirs"))

    unexpected = [
        f"{name}: {difference}"
        for name, outcome in theirs.items()
        if "definition" in outcome
        for difference in _unexpected(name, ours.get(name, {}), outcome)
    ]

    assert unexpected == []
    assert ours.keys() == theirs.keys()


@pytest.mark.parametrize("module", sorted(RUN))
def test_results_in_process_equal_those_of_the_published_client(module, of_module):
    ours, theirs = (
        {name: outcome["result"] for name, outcome in of_module(module, client=client).items()}
        for client in ("ours", "theirs")
    )

    assert ours == theirs


@pytest.mark.parametrize("module", MODULES)
def test_what_the_published_client_refuses_is_refused_with_the_same_error(module, of_module):
    ours, theirs = (of_module(module, client=client) for client in ("ours", "theirs"))

    unlike = {
        name: (ours[name], outcome["text"])
        for name, outcome in theirs.items()
        if "refused" in outcome and outcome["refused"][0] not in ours[name].get("refused", [])
    }

    assert unlike.keys() == {name for name in OTHER_REFUSALS if name.partition(".")[0] == module}


@pytest.mark.parametrize("module", MODULES)
def test_definitions_of_the_published_client_are_read_and_written_unchanged(module, of_module):
    for outcome in of_module(module, client="theirs").values():
        if "definition" in outcome:
            model = ir.WorkflowDef.model_validate(outcome["definition"])
            assert json.loads(model.model_dump_json()) == outcome["definition"]


@pytest.mark.parametrize("module", MODULES)
def test_tasks_of_the_published_client_can_be_loaded(module, of_module):
    for outcome in of_module(module, client="theirs").values():
        for task in outcome.get("definition", {"tasks": {}})["tasks"].values():
            loaded = load_function(ir.TaskDef.model_validate(task).fn_ref)
            assert loaded.__name__ == task["fn_ref"]["function_name"].rpartition(".")[2]


@pytest.mark.parametrize("module", MODULES)
def test_the_published_client_reads_and_writes_our_definitions_unchanged(module, of_module):
    read = of_module(module, client="theirs", what="read")

    for name, outcome in of_module(module, client="ours").items():
        if "definition" in outcome:
            definition = {**outcome["definition"]}
            definition.pop("source_files", None)  # what is ours, it ignores
            assert read[name] == definition


def _unexpected(name, ours, theirs):
    if "definition" not in ours:
        return [ours.get("text", "is no workflow")]
    found = list(differences(comparable(ours["definition"]), comparable(theirs["definition"])))
    allowed = DIFFERENCES[name].paths if name in DIFFERENCES else ()
    unused = [path for path in allowed if not any(text.startswith(path) for text in found)]
    return [
        *(text for text in found if not text.startswith(allowed)),
        *(f"{path} no longer differs: remove it from `differences.py`" for path in unused),
    ]
