"""Definitions as both clients would write them, if ids, versions and pickles were not at random."""

import base64
import itertools
import json
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

_ID = re.compile(
    r"(?P<start>(inline|python)-import-|git-|local-|task-.*-)([0-9a-f]{10}|\d+)(?P<address>_.*)?"
)
"""Ids of imports and tasks: digests, counters and, of repositories, parts of their addresses."""


def comparable(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition without what may differ.

    Ids of imports and task definitions are numbered within the definition; pickled functions are
    left out, pickled constants become texts of their values; the SDK has no version.
    """
    document = json.loads(_with_numbered_ids(definition))
    for task in document["tasks"].values():
        task["fn_ref"].pop("encoded_function", None)
    for constant in document["constant_nodes"].values():
        if "chunks" in constant:
            constant["chunks"] = _pickled_value(constant["chunks"])
    for package in _sdk_packages(document):
        package["version_constraints"] = "the SDK's own"
    document["metadata"]["sdk_version"] = "the SDK's own"
    return document


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Paths of what differs, like `tasks.task-one-0.resources`; orders of keys count as well."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if list(ours) != list(theirs):
            yield f"{path or 'definition'}: {list(ours)} != {list(theirs)}"
        for key in ours.keys() & theirs.keys():
            yield from differences(ours[key], theirs[key], f"{path}.{key}".lstrip("."))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (our_item, their_item) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(our_item, their_item, f"{path}.{index}")
    elif ours != theirs:
        yield f"{path}: {ours!r} != {theirs!r}"


def _with_numbered_ids(definition: dict[str, Any]) -> str:
    text = json.dumps(definition)
    numbers: Counter[str] = Counter()
    for old in itertools.chain(definition["imports"], definition["tasks"]):
        match = _ID.fullmatch(old)
        assert match, f"{old} is no id of the form that release 1.1.0 gives"
        new = f"{match['start']}{numbers[match['start']]}"
        numbers[match["start"]] += 1
        for prefix in ("", "secret-"):  # the secret of a repository is named by its import
            text = text.replace(json.dumps(prefix + old), json.dumps(prefix + new))
    return text


def _pickled_value(chunks: list[str]) -> str:
    value = pickle.loads(base64.b64decode("".join(chunks)))
    return f"{type(value).__name__}: {value!r}"


def _sdk_packages(document: dict[str, Any]) -> list[dict[str, Any]]:
    packages = itertools.chain.from_iterable(
        item.get("packages", []) for item in document["imports"].values()
    )
    return [p for p in packages if p["name"] == "orquestra-sdk" and p["extras"] == ["all"]]
