"""The parts of definitions that release 1.1 did not have: checked, and otherwise left alone."""

from typing import Any

import pytest

from orquestra.engine.definitions import source_files
from orquestra.engine.errors import InvalidDefinition
from orquestra.sdk.schema import ir
from tests.unit.engine.definitions.test_validity import chain, check

pytestmark = pytest.mark.anyio


def collection(name: str, *items: str, kind: str = "LIST", keys: tuple[str, ...] = ()) -> dict:
    return {"id": name, "type": kind, "items": list(items), "keys": list(keys)}


def with_collections(*nodes: dict, arguments: tuple[str, ...] = ("l",)) -> dict[str, Any]:
    """A chain whose second task takes `arguments`; the first one produces `a0`."""
    document = chain([], list(arguments))
    document["collection_nodes"] = {node["id"]: node for node in nodes}
    document["secret_nodes"] = {"s": {"id": "s", "secret_name": "password"}}
    return document


def test_collections_may_hold_values_secrets_and_collections() -> None:
    check(
        with_collections(
            collection("l", "a0", "c", "s", "d", "t"),
            collection("d", "a0", "a0", kind="DICT", keys=("c", "c")),
            collection("t", kind="TUPLE"),
        )
    )


def test_a_collection_that_thousands_take_is_gone_through_once() -> None:
    size = 3000
    document = chain(*([] for _ in range(size)), *(["l"] for _ in range(size)))
    document["collection_nodes"] = {"l": collection("l", *(f"a{number}" for number in range(size)))}

    check(document)


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        ([collection("l", "nobody")], "'l' needs the value 'nobody', which nothing produces"),
        ([collection("l", "l")], r"wait for each other \(l -> l\)"),
        ([collection("l", "m"), collection("m", "l")], "wait for each other"),
        ([collection("l", "a1")], "wait for each other"),
        ([collection("l", "a0", keys=("c",))], "the list 'l' of 1 items has 1 keys"),
        ([collection("l", "a0", kind="DICT")], "the dict 'l' of 1 items has 0 keys"),
        ([collection("l", "a0"), collection("c")], "'c' is the id of a collection and of"),
        ([collection("l", "a0"), collection("i0")], "'i0' is the id of a collection and of"),
    ],
)
def test_a_collection_that_cannot_be_built_is_refused(nodes: list[dict], problem: str) -> None:
    with pytest.raises(InvalidDefinition, match=problem):
        check(with_collections(*nodes))


def test_a_collection_is_filed_under_its_id() -> None:
    document = with_collections(collection("l", "a0"))
    document["collection_nodes"]["l"]["id"] = "m"

    with pytest.raises(InvalidDefinition, match="'m' is filed as 'l'"):
        check(document)


def test_a_workflow_returns_no_collection() -> None:
    document = with_collections(collection("l", "a0"))
    document["output_ids"].append("l")

    with pytest.raises(InvalidDefinition, match=r"returns the collection 'l'.*one by one"):
        check(document)


def mapping(over: list, **changes: Any) -> dict[str, Any]:
    """A chain whose second task is a map of a list, a tuple, a dictionary and a secret."""
    document = with_collections(
        collection("l", "c", "c"),
        collection("t", kind="TUPLE"),
        collection("d", kind="DICT"),
        arguments=("a0", "l", "c", "d", "s"),
    )
    invocation = document["task_invocations"]["i1"]
    invocation |= {"map_over": over, "kwargs_ids": {"more": "t"}} | changes
    return document


@pytest.mark.parametrize("over", [[0], [1, "more"], [0, 1, 2], ["more"]])
def test_a_map_goes_over_whatever_may_be_a_sequence(over: list) -> None:
    check(mapping(over))


@pytest.mark.parametrize(
    ("over", "changes", "problem"),
    [
        ([], {}, "'i1' maps over [], which are not one or more arguments"),
        ([0, 0], {}, "which are not one or more arguments"),
        ([5], {}, "'i1' maps over its argument 5, which is not there"),
        ([-1], {}, "its argument -1"),
        (["less"], {}, "its argument 'less'"),
        ([3], {}, "'i1' maps over 'd', which is no sequence"),
        ([4], {}, "'i1' maps over 's', which is no sequence"),
        ([0], {"output_ids": []}, "the map 'i1' produces 0 values instead of one list"),
        ([0], {"output_ids": ["a1", "a2"]}, "the map 'i1' produces 2 values"),
        ([0], {"output_ids": ["part"]}, "the map 'i1' produces 1 values"),
    ],
)
def test_a_map_that_cannot_be_opened_is_refused(over: list, changes: dict, problem: str) -> None:
    document = mapping(over, **changes)
    document["artifact_nodes"] |= {"a2": {"id": "a2"}, "part": {"id": "part", "artifact_index": 0}}
    document["output_ids"] = ["a0"]

    with pytest.raises(InvalidDefinition) as refusal:
        check(document)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(("kind", "old", "new"), [("task_invocations", "i0", "i1.7")])
def test_nothing_has_the_id_of_an_element(kind: str, old: str, new: str) -> None:
    document = mapping([0])
    node = document[kind].pop(old)
    document[kind][new] = node | {"id": new}

    with pytest.raises(InvalidDefinition, match=r"'i1\.7' has the id of an element of 'i1'"):
        check(document)


def test_a_value_has_not_the_id_of_an_element_either() -> None:
    document = mapping([0])
    document["artifact_nodes"]["a1.0"] = {"id": "a1.0"}
    document["task_invocations"]["i0"]["output_ids"].append("a1.0")

    with pytest.raises(InvalidDefinition, match=r"'a1\.0' has the id of an element of 'a1'"):
        check(document)


RETRY = {"max_retries": 3, "delay_seconds": 1.0, "backoff": 2.0, "max_delay_seconds": 60.0}


def with_policies(**policies: Any) -> dict[str, Any]:
    document = chain([])
    document["tasks"]["task"] |= policies
    return document


def test_policies_with_amounts_are_taken() -> None:
    zeros = dict.fromkeys(RETRY, 0)
    check(with_policies(retry_policy=RETRY, timeout_seconds=0.1, cache={"fingerprint": "f"}))
    check(with_policies(retry_policy=zeros, cache={"fingerprint": "f", "max_age_seconds": 0}))


@pytest.mark.parametrize(
    ("policies", "problem"),
    [
        ({"timeout_seconds": -1}, "-1.0 as timeout"),
        ({"timeout_seconds": 0}, "a timeout of 0 seconds"),
        ({"timeout_seconds": float("inf")}, "inf as timeout"),
        ({"retry_policy": RETRY | {"max_retries": -1}}, "-1 as max_retries"),
        ({"retry_policy": RETRY | {"delay_seconds": float("nan")}}, "nan as delay of its retries"),
        ({"retry_policy": RETRY | {"backoff": float("inf")}}, "inf as backoff of its retries"),
        ({"retry_policy": RETRY | {"max_delay_seconds": -1}}, "-1.0 as max_delay of its retries"),
        ({"cache": {"fingerprint": ""}}, "without a fingerprint"),
        ({"cache": {"fingerprint": "f", "max_age_seconds": -1}}, "-1.0 as max_age of its cache"),
    ],
)
def test_a_policy_without_sense_is_refused(policies: dict, problem: str) -> None:
    with pytest.raises(InvalidDefinition) as refusal:
        check(with_policies(**policies))
    assert problem in str(refusal.value)


def with_files(*paths: str, text: str = "X = 1\n") -> dict[str, Any]:
    return chain([]) | {"source_files": dict.fromkeys(paths, text)}


def test_local_modules_lie_below_a_folder() -> None:
    check(with_files("helpers.py", "package/__init__.py", "package/über.py"))


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".py",
        "/etc/cron.py",
        "../up.py",
        "a/../../up.py",
        "a//b.py",
        "./a.py",
        "a\\b.py",
        "a\0.py",
        "data.csv",
        "a/",
        f"{'x' * 300}.py",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidDefinition, match="is no path of a Python file below a folder"):
        check(with_files(path))


def test_a_module_is_no_folder() -> None:
    with pytest.raises(InvalidDefinition, match=r"'a\.py/b\.py' lies below another"):
        check(with_files("a.py", "a.py/b.py"))


def test_too_large_or_too_many_local_modules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_files, "MOST_BYTES", 2**20)
    monkeypatch.setattr(source_files, "MOST_FILES", 2)
    with pytest.raises(InvalidDefinition, match=r"1 local modules of 1\.5 MiB.*2 of 1 MiB"):
        check(with_files("a.py", text="#" * (3 * 2**19)))
    with pytest.raises(InvalidDefinition, match="3 local modules"):
        check(with_files("a.py", "b.py", "c.py"))


NEW_FIELDS = ("collection_nodes", "source_files")
NEW_FIELDS_OF_TASKS = ("retry_policy", "timeout_seconds", "cache")


def test_a_definition_without_additions_has_the_shape_of_1_1() -> None:
    written = ir.WorkflowDef.model_validate(chain([])).model_dump()

    assert not written.keys() & set(NEW_FIELDS)
    assert not written["tasks"]["task"].keys() & set(NEW_FIELDS_OF_TASKS)
    assert "map_over" not in written["task_invocations"]["i0"]


async def test_a_definition_with_additions_is_handed_back_as_it_came(user) -> None:
    document = mapping([0]) | {"source_files": {"helpers.py": "X = 1\n"}}
    document["tasks"]["task"] |= {"retry_policy": RETRY, "cache": {"fingerprint": "f"}}

    stored = await user.post("/api/workflow-definitions", json=document)
    path = f"/api/workflow-definitions/{stored.json()['data']['id']}"

    assert (await user.get(path)).json()["data"]["workflow"] == document


async def test_what_is_wrong_with_an_addition_is_the_answer(user) -> None:
    answer = await user.post("/api/workflow-definitions", json=with_files("../up.py"))

    assert answer.status_code == 400
    assert "'../up.py' is no path of a Python file" in answer.json()["detail"]
