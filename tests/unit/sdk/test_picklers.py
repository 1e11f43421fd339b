import dataclasses
import pickle
import types
from io import BytesIO
from typing import ClassVar

import pytest

from orquestra.sdk.picklers import dumps

OF_RELEASE_1_1 = {
    "_builtin_type",
    "_make_cell",
    "_make_empty_cell",
    "_make_function",
    "_make_skeleton_class",
    "subimport",
}
"""What code needs of `cloudpickle.cloudpickle`, as far as it is there in cloudpickle 2.2.1 too."""

CODE = """
import dataclasses
from typing import ClassVar

@dataclasses.dataclass
class Setting:
    size: int
    tags: list = dataclasses.field(default_factory=list)
    unit: ClassVar[str] = "m"
    scale: dataclasses.InitVar[int] = 1

    def __post_init__(self, scale):
        self.size *= scale
"""


@dataclasses.dataclass
class Named:
    size: int
    unit: ClassVar[str] = "m"


@pytest.fixture
def setting():
    """A value of a user's class, as nodes have it: its module cannot be imported."""
    module = types.ModuleType("users_module")
    exec(CODE, vars(module))
    return module.Setting(2, scale=3)


class Reader(pickle.Unpickler):
    """Notes what the pickle looks up."""

    def __init__(self, pickled):
        super().__init__(BytesIO(pickled))
        self.names = {}

    def find_class(self, module, name):
        self.names.setdefault(module, set()).add(name)
        return super().find_class(module, name)


def test_code_is_pickled_with_nothing_that_release_1_1_does_not_have(setting):
    reader = Reader(dumps(setting, protocol=4))
    reader.load()

    assert reader.names["cloudpickle.cloudpickle"] <= OF_RELEASE_1_1
    assert "_make_skeleton_class" in reader.names["cloudpickle.cloudpickle"]


def test_code_is_read_as_what_it_was(setting):
    read = pickle.loads(dumps(setting, protocol=4))

    assert repr(read) == "Setting(size=6, tags=[])"
    assert [field.name for field in dataclasses.fields(read)] == ["size", "tags"]
    assert type(read).__dataclass_fields__["scale"]._field_type is dataclasses._FIELD_INITVAR


def test_values_of_modules_that_can_be_imported_name_them():
    pickled = dumps(Named(1), protocol=4)

    assert b"cloudpickle" not in pickled
    assert pickle.loads(pickled) == Named(1)
