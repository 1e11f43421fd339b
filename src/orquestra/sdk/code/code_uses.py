"""What compiled code mentions from outside of it: variables of its module, and imports."""

import dis
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType

_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_LONGEST_CHAIN = 20


@dataclass(frozen=True)
class UsedName:
    """A variable, and the attributes asked of it at once: `a.b.c` is ("a", "b", "c")."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class ImportedModule:
    """What may be a module that is imported when the code runs; `dots` count as in the text.

    `from a import b` names two: "a" and "a.b".
    """

    name: str
    dots: int = 0


def uses_of(code: CodeType) -> Iterator[UsedName | ImportedModule]:
    """What code mentions, the functions and classes inside of it included; with repetitions."""
    # What EXTENDED_ARG says is part of the instruction that follows.
    instructions = [one for one in dis.get_instructions(code) if one.opname != "EXTENDED_ARG"]
    for place, instruction in enumerate(instructions):
        if instruction.opname in _LOADS:
            following = instructions[place + 1 : place + 1 + _LONGEST_CHAIN]
            yield UsedName((instruction.argval, *_attributes(following)))
        elif instruction.opname == "IMPORT_NAME":
            dots, names = (before.argval for before in instructions[place - 2 : place])
            for name in (instruction.argval, *joined_names(instruction.argval, names or ())):
                yield ImportedModule(name, dots)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from uses_of(constant)


def joined_names(module: str, names: Iterable[str]) -> Iterator[str]:
    """The names that `from module import names` may mean as modules."""
    for name in names:
        yield f"{module}.{name}" if module else name


def _attributes(following: Iterable[dis.Instruction]) -> Iterator[str]:
    for instruction in following:
        if instruction.opname not in _ATTRIBUTES:
            return
        yield instruction.argval
