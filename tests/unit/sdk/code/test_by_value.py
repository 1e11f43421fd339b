import importlib
import pickle
import subprocess
import sys
import threading
from pathlib import PurePosixPath

import cloudpickle
import pytest

from orquestra.sdk.code.by_value import dumps


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with values in two modules; it is forgotten afterwards."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("class Here: ...\n")
    (folder / "flow.py").write_text(
        "from dataclasses import dataclass, field\n"
        "from enum import Enum\n"
        "class Mode(Enum):\n    FAST = 1\n"
        "@dataclass(frozen=True)\n"
        "class Config:\n    number: int\n    tags: tuple = field(default_factory=tuple)\n"
        "def is_fast(mode, config):\n"
        "    return mode is Mode.FAST and config == Config(3)\n"
    )
    (folder / "part.py").write_text("class Part: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("shop")
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def elsewhere(program, *pickles):
    """What a program prints in a process without the package; `values` are what it was given."""
    begin = (
        "import sys, pickle, cloudpickle\n"
        "values = (pickle.loads(bytes.fromhex(text)) for text in sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", begin + program, *(data.hex() for data in pickles)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_values_and_functions_share_their_classes_where_the_module_is_not(package):
    flow = importlib.import_module("shop.flow")
    values = (flow.is_fast, flow.Mode.FAST, flow.Config(3))

    told = elsewhere(
        "is_fast, mode, config = values\nprint(is_fast(mode, config), 'shop' in sys.modules)",
        *(dumps(value, module="shop.flow") for value in values),
    )

    assert told == "True False\n"


def test_a_value_that_comes_back_is_of_the_class_that_it_was_of(package):
    flow = importlib.import_module("shop.flow")

    told = elsewhere(
        "print(cloudpickle.dumps(next(values)).hex())",
        dumps(flow.Config(3), module="shop.flow"),
    )

    back = pickle.loads(bytes.fromhex(told))
    assert type(back) is flow.Config
    assert back == flow.Config(3)


def test_only_exactly_this_module_goes_by_value(package):
    part = importlib.import_module("shop.part")

    assert b"shop.part" in dumps(part.Part, module="shop")
    assert b"_make_skeleton_class" not in dumps(part.Part, module="shop")
    assert b"_make_skeleton_class" in dumps(package.Here, module="shop")
    assert pickle.loads(dumps(part.Part(), module="shop")).__class__ is part.Part


def test_modules_go_by_name(package):
    part = importlib.import_module("shop.part")
    package.lock = threading.Lock()

    assert pickle.loads(dumps([package, part, sys], module="shop")) == [package, part, sys]


def test_what_the_check_refuses_is_refused_at_any_depth():
    def check(value):
        if value == PurePosixPath("c"):
            raise ValueError("no paths")

    assert pickle.loads(dumps([1, "a"], module=None, check=check)) == [1, "a"]
    with pytest.raises(ValueError, match="no paths"):
        dumps({"a": [{"b": PurePosixPath("c")}]}, module=None, check=check)


def test_a_value_may_pickle_others_while_it_is_pickled():
    class Nested:
        def __reduce__(self):
            return bytes, (dumps(3, module=__name__),)

    assert pickle.loads(pickle.loads(dumps(Nested(), module=__name__))) == 3


def test_no_module_stays_marked_for_pickling_by_value():
    with pytest.raises(TypeError):
        dumps(threading.Lock(), module=__name__)

    assert cloudpickle.list_registry_pickle_by_value() == set()
