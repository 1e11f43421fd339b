import subprocess
import sys
import threading

import pytest

from orquestra import sdk
from orquestra.sdk.code.fingerprints import fingerprint, value_fingerprint
from orquestra.sdk.exceptions import WorkflowSyntaxError
from tests.unit.sdk.user_projects import imported, run, write

PRINT = """
import sys
import wf
from orquestra.sdk.code.fingerprints import fingerprint
print(fingerprint(wf.task))
"""

HELPERS = "def used(x):\n    return x + 1\ndef unused(x):\n    return x\n"
PROJECT = {
    "wf.py": "import helpers\ndef task(x):\n    return helpers.used(x)\n",
    "helpers.py": HELPERS,
}


@pytest.fixture
def digest_of(tmp_path):
    """The fingerprint of `task` in the module `wf` of a project, in this process."""

    def compute(files):
        write(tmp_path, files)
        sys.dont_write_bytecode = True  # two versions within a second look the same to Python
        try:
            with imported(tmp_path, "wf") as module:
                return fingerprint(module.task)
        finally:
            sys.dont_write_bytecode = False

    return compute


def project(text, **others):
    return {"wf.py": text, **{f"{name}.py": helper for name, helper in others.items()}}


TASK = "def task(x):\n    return x + 1\n"


def test_a_fingerprint_is_a_sha_256(digest_of):
    assert len(bytes.fromhex(digest_of(project(TASK)))) == 32


@pytest.mark.parametrize(
    "changed",
    [
        "# a comment\n\n\ndef task(x):  # another\n\n    return (x\n        + 1)\n",
        "import os\nOTHER = 1\ndef other():\n    return 2\n" + TASK,
        "def task(x): return x+1\n",
        "def task(x: int) -> int:\n    return x + 1\n",
    ],
)
def test_what_does_not_change_the_function_does_not_change_its_fingerprint(digest_of, changed):
    assert digest_of(project(TASK)) == digest_of(project(changed))


WITH_ALL = """
import functools
FACTOR = 2
NAMES = {"b", "a"}
TABLE = {"x": [1, (2, 3.5)], "y": None}
class Base:
    def grow(self, x):
        return x + 1
class Model(Base):
    rate = 0.5
    def run(self, x):
        return self.grow(x) * self.rate
@functools.lru_cache
def cached(x):
    return x
def helper(x):
    return deeper(x)
def deeper(x):
    return 1 + x
def make(by):
    def inner(x, start=1):
        return x * by + start
    return inner
captured = make(7)
MODEL = Model()
def other(x):
    return x
def task(x, y=3, *, z=4):
    if x in {"p", "q"}:
        return [cached(i) for i in TABLE]
    return Model().run(x) * FACTOR + helper(captured(x)) + len(NAMES), MODEL
"""


def test_everything_that_it_uses_can_be_read(digest_of):
    assert digest_of(project(WITH_ALL))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("y=3", "y=5"),
        ("z=4", "z=5"),
        ('"p", "q"', '"p", "r"'),
        ("FACTOR = 2", "FACTOR = 2.0"),
        ('NAMES = {"b", "a"}', 'NAMES = {"b", "c"}'),
        ("(2, 3.5)", "[2, 3.5]"),
        ("return 1 + x", "return 2 + x"),
        ("make(7)", "make(8)"),
        ("start=1", "start=2"),
        ("rate = 0.5", "rate = 0.25"),
        ("return x + 1", "return x + 2"),
        ("class Model(Base)", "class Model(Base, object)"),
        ("@functools.lru_cache\ndef cached(x):\n    return x", "def cached(x):\n    return x"),
        ("def cached(x):\n    return x", "def cached(x):\n    return -x"),
        ("MODEL = Model()", "MODEL = Base()"),
    ],
)
def test_a_change_of_what_it_uses_changes_its_fingerprint(digest_of, old, new):
    assert old in WITH_ALL
    assert digest_of(project(WITH_ALL)) != digest_of(project(WITH_ALL.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new"), [("def other(x):\n    return x", "def other(x):\n    return 2"), ("\n", "\n\n")]
)
def test_a_change_of_what_it_does_not_use_does_not(digest_of, old, new):
    assert digest_of(project(WITH_ALL)) == digest_of(project(WITH_ALL.replace(old, new)))


WAYS_TO_USE = [
    "import helpers\ndef task(x):\n    return helpers.used(x)\n",
    "from helpers import used\ndef task(x):\n    return used(x)\n",
    "import helpers as h\ndef task(x):\n    f = h.used\n    return f(x)\n",
    (
        "import helpers\ndef between(x):\n    return helpers.used(x)\n"
        "def task(x):\n    return between(x)\n"
    ),
    "def task(x):\n    import helpers\n    return helpers.used(x)\n",
    "def task(x):\n    from helpers import used\n    return used(x)\n",
    "import helpers\ndef task(x):\n    return getattr(helpers, 'used')(x)\n",
    (
        "import functools, helpers\nf = functools.partial(helpers.used)\n"
        "def task(x):\n    return f(x)\n"
    ),
    (
        "from orquestra import sdk\nimport helpers\ntool = sdk.task(helpers.used)\n"
        "def task(x):\n    return tool(x)\n"
    ),
]


@pytest.mark.parametrize("text", WAYS_TO_USE)
def test_a_change_of_a_helper_in_another_module_changes_it(digest_of, text):
    changed = HELPERS.replace("x + 1", "x + 2")

    assert digest_of(project(text, helpers=HELPERS)) != digest_of(project(text, helpers=changed))


@pytest.mark.parametrize("text", WAYS_TO_USE[:4])
def test_a_change_elsewhere_in_the_helpers_module_does_not(digest_of, text):
    changed = "import os\n" + HELPERS.replace("return x\n", "return 3\n")

    assert digest_of(project(text, helpers=HELPERS)) == digest_of(project(text, helpers=changed))


def test_a_relative_import_inside_of_a_function_counts(tmp_path):
    digests = []
    for number in "12":
        write(
            tmp_path / number,
            {
                "pkg/__init__.py": "",
                "pkg/helpers.py": f"A = {number}\n",
                "pkg/wf.py": "def task():\n    from .helpers import A\n    return A\n",
            },
        )
        with imported(tmp_path / number, "pkg.wf") as module:
            digests.append(fingerprint(module.task))

    assert digests[0] != digests[1]


@pytest.mark.parametrize("files", [PROJECT, project(WITH_ALL)])
def test_a_fingerprint_is_the_same_in_every_process(tmp_path, monkeypatch, files):
    write(tmp_path, files)
    digests = set()
    for seed in ("1", "2", "3"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        digests.add(run(tmp_path, PRINT))

    assert len(digests) == 1


def test_a_fingerprint_does_not_depend_on_the_folder(tmp_path):
    for name in "ab":
        write(tmp_path / name, project(WITH_ALL))

    assert run(tmp_path / "a", PRINT) == run(tmp_path / "b", PRINT)


NOTEBOOK = """
from orquestra.sdk.code.fingerprints import fingerprint
class Model:
    limits = frozenset({"a", "b"})
    def __init__(self, by):
        self.by = by
    @property
    def rate(self):
        return self.by
    @staticmethod
    def name():
        return "model"
MODEL = Model(BY)
def task(x):
    return MODEL.rate * x
print(fingerprint(task), fingerprint(lambda x: x * MODEL.rate + 1))
"""


def test_code_of_notebooks_and_lambdas_is_told_apart_without_its_source(tmp_path):
    variants = [
        NOTEBOOK.replace("BY", "2"),
        NOTEBOOK.replace("BY", "3"),
        NOTEBOOK.replace("BY", "2").replace("return self.by", "return -self.by"),
        NOTEBOOK.replace("BY", "2").replace('"model"', '"other"'),
        NOTEBOOK.replace("BY", "2").replace("* x", "+ x"),
    ]
    printed = [run(tmp_path, text) for text in variants]

    assert len(set(printed)) == len(variants)
    assert printed[0] == run(tmp_path, "# a comment\n" + variants[0])


CHANGED_CLASSES = {
    "closure of a class": """
def make(by):
    class Scale:
        def apply(self, x):
            return x * by
    return Scale
Used = make(OLD)
""",
    "attribute that was set": "class Used:\n    rate = 1\nUsed.rate = OLD\n",
    "attribute that was computed": "import os\nclass Used:\n    rate = os.getppid() * 0 + OLD\n",
    "list": "class Used:\n    weights = [OLD]\n",
    "nested class": "class Used:\n    class Inner:\n        rate = OLD\n",
    "static method": "class Used:\n    @staticmethod\n    def f():\n        return OLD\n",
    "class method": "class Used:\n    @classmethod\n    def f(cls):\n        return OLD\n",
    "cached property": """
import functools
class Used:
    @functools.cached_property
    def rate(self):
        return OLD
""",
    "dataclass": """
from dataclasses import dataclass, field
@dataclass
class Used:
    weights: list = field(default_factory=lambda: [OLD], metadata={"a": 1})
""",
    "enum": "import enum\nclass Used(enum.Enum):\n    A = OLD\n",
    "named tuple": "from typing import NamedTuple\nclass Used(NamedTuple):\n    a: int = OLD\n",
    "metaclass": """
class Meta(type):
    def __call__(cls):
        return OLD
class Used(metaclass=Meta): ...
""",
    "abstract base": """
import abc
class Base(abc.ABC):
    @abc.abstractmethod
    def f(self):
        return OLD
class Used(Base):
    def f(self):
        return super().f()
""",
    "model": """
import pydantic
class Inner(pydantic.BaseModel):
    rate: int = OLD
class Used(pydantic.BaseModel):
    inner: Inner = Inner()
    @pydantic.field_validator("inner")
    @classmethod
    def checked(cls, inner):
        return inner
""",
    "validator": """
import pydantic
class Used(pydantic.BaseModel):
    inner: int
    @pydantic.field_validator("inner")
    @classmethod
    def checked(cls, inner):
        return inner + OLD
""",
    "attribute of a function": "def Used():\n    return 1\nUsed.rate = OLD\n",
}
TWICE = """
import sys
from orquestra.sdk.code.fingerprints import fingerprint
OLD = int(sys.argv[1])
PROGRAM
def task():
    return Used
print(fingerprint(task))
"""


@pytest.mark.parametrize("program", CHANGED_CLASSES.values(), ids=CHANGED_CLASSES)
def test_a_class_counts_with_all_that_it_holds(tmp_path, program):
    text = TWICE.replace("PROGRAM", program)

    first, same, other = (run(tmp_path, text, arguments=(rate,)) for rate in "223")

    assert first == same
    assert first != other


def test_classes_count_as_they_are_now_not_as_their_file_is(tmp_path):
    text = "class Used:\n    rate = 1\ndef task():\n    return Used.rate\n"
    write(tmp_path, project(text))

    with imported(tmp_path, "wf") as module:
        before = fingerprint(module.task)
        write(tmp_path, project(text.replace("1", "2")))

        assert fingerprint(module.task) == before


IN_NO_ORDER = """
import enum
class Mode(enum.Enum):
    FAST = 1
    SLOW = 2
class A:
    def f(self):
        return B, C
class B:
    def f(self):
        return A, C, KINDS
class C:
    modes = {Mode.FAST, Mode.SLOW}
KINDS = {A, B, C, len, ("a", A)}
def task():
    return KINDS
"""


def test_the_order_of_a_set_does_not_count(tmp_path, monkeypatch):
    write(tmp_path, project(IN_NO_ORDER))
    digests = set()
    for seed in "1234":
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        digests.add(run(tmp_path, PRINT))

    assert len(digests) == 1


def test_code_may_be_a_long_chain(digest_of):
    links = (f"class C{n}:\n    def f(self):\n        return C{n - 1}\n" for n in range(1, 300))
    text = "def C0():\n    return 1\n" + "".join(links) + "def task():\n    return C299\n"

    assert digest_of(project(text)) != digest_of(project(text.replace("return 1", "return 2")))


def test_a_class_with_something_of_which_nothing_can_be_told_is_named():
    class Guarded:
        lock = threading.Lock()

    with pytest.raises(WorkflowSyntaxError, match=r"`lock`, which is or holds .*type lock"):
        fingerprint(lambda: Guarded)


def test_functions_that_call_each_other_have_one():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert fingerprint(even) != fingerprint(odd)


def test_values_that_hold_themselves_have_one():
    loop = [1]
    loop.append(loop)

    assert fingerprint(lambda: loop) == fingerprint(lambda: loop)


def test_a_task_has_that_of_its_function():
    def plain(x):
        return x

    def uses_plain(x):
        return plain(x)

    before = fingerprint(uses_plain)
    plain = sdk.task(plain, resources=sdk.Resources(cpu="2"))

    assert fingerprint(uses_plain) == before


def test_builtins_and_installed_functions_count_by_name():
    assert len({fingerprint(len), fingerprint(max), fingerprint(subprocess.run)}) == 3


def test_a_value_of_which_nothing_can_be_told_is_named_with_a_way_out():
    lock = threading.Lock()

    def guarded():
        return [lock]

    with pytest.raises(
        WorkflowSyntaxError,
        match=r"(?s)test_fingerprints\.py:\d+.*`guarded`.*`lock`, .*type lock.*inside the task",
    ):
        fingerprint(guarded)


def test_a_result_of_a_task_used_from_outside_is_named():
    @sdk.task
    def first():
        return 1

    future = first()

    def after():
        return future

    with pytest.raises(WorkflowSyntaxError, match=r"`future`, .*ArtifactFuture.*`first`"):
        fingerprint(after)


def test_values_nested_too_deeply_are_refused():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(WorkflowSyntaxError, match="nested too deeply"):
        fingerprint(lambda: deep)


def test_a_local_module_that_cannot_be_read_is_told_with_the_function(tmp_path):
    write(tmp_path, {"wf.py": "def task():\n    import latin\n"})
    (tmp_path / "latin.py").write_bytes(b"X = '\xe9'\n")

    with (
        imported(tmp_path, "wf") as module,
        pytest.raises(WorkflowSyntaxError, match=r"(?s)wf\.py:1.*latin\.py"),
    ):
        fingerprint(module.task)


MADE_BY_A_LIBRARY = {
    "function": "captured = library.make(2)",
    "function under another's name": "captured = functools.wraps(library.make)(library.make(2))",
    "class": "captured = library.make_class(2)",
}


@pytest.mark.parametrize("line", MADE_BY_A_LIBRARY.values(), ids=MADE_BY_A_LIBRARY)
def test_what_an_installed_function_has_made_counts_with_what_it_holds(tmp_path, monkeypatch, line):
    library = (
        "def make(by):\n    return lambda x: x * by\n"
        "def make_class(by):\n    class Made:\n        rate = by\n    return Made\n"
    )
    write(tmp_path / "site-packages", {"library.py": library})
    text = f"import functools, library\n{line}\ndef task():\n    return captured\n"
    write(tmp_path / "a", project(text))
    write(tmp_path / "b", project(text.replace("2)", "3)")))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site-packages"))

    first, same, other = (run(tmp_path / name, PRINT) for name in "aab")

    assert first == same
    assert first != other


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ({"a": [1, (2.0, b"x")]}, {"a": [1, (2, b"x")]}),
        ({1, 2}, {1, 3}),
        (lambda x: x + 1, lambda x: x + 2),
        (threading.Thread, threading.Timer),
    ],
)
def test_values_have_fingerprints_as_functions_do(value, other):
    def place(): ...

    digest = value_fingerprint(value, place)

    assert digest == value_fingerprint(value, place)
    assert digest != value_fingerprint(other, place)
    assert len(bytes.fromhex(digest or "")) == 32


class Raising:
    def __reduce_ex__(self, protocol):
        raise RuntimeError("never pickled")


@pytest.mark.parametrize("value", [threading.Lock(), [Raising()]])
def test_a_value_of_which_nothing_can_be_told_has_none(value):
    assert value_fingerprint(value, project) is None
