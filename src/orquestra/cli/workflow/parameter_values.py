"""The value of one argument, read from what is typed as the annotation of its parameter says."""

import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

_NAMES_FOR_TYPE_CHECKERS = {
    "typing": typing,
    "Optional": typing.Optional,
    "Union": typing.Union,
}
"""Names that annotations use and that a program may import under TYPE_CHECKING only."""

_UNIONS = {typing.Union, types.UnionType}
_NONE = {"null", "None"}
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SHOWN_CHARACTERS = 60


def evaluated(annotation: Any, *, names: Mapping[str, Any]) -> Any:
    """What an annotation means where it is written as text; the text where it means nothing."""
    holder = SimpleNamespace(__annotations__={"it": annotation})
    for known in (names, _NAMES_FOR_TYPE_CHECKERS):
        try:
            return typing.get_type_hints(holder, globalns={**known})["it"]
        except Exception:  # noqa: BLE001, S112 - annotations written as text can be anything
            continue
    return annotation


def read(text: str, *, annotation: Any) -> Any:
    """The value: of the type `int`, `float`, `bool` or `str`, of one of these or None, else JSON.

    What is no JSON is a text.

    Raises:
        ValueError: the text is no value of that type, or too much of one.
    """
    kind, is_optional = _kind(annotation)
    if is_optional and text in _NONE:
        return None
    reader = next((reader for known, reader in _READERS.items() if known is kind), _json_or_text)
    return reader(text)


def quoted(text: str) -> str:
    """What was typed, in a message: only the start of what is long."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return repr(shown)


def _kind(annotation: Any) -> tuple[Any, bool]:
    """The type that a value has, and whether it may be None as well."""
    if typing.get_origin(annotation) in _UNIONS:
        kinds = typing.get_args(annotation)
        others = [kind for kind in kinds if kind is not types.NoneType]
        return others[0] if len(others) == 1 else annotation, len(others) < len(kinds)
    return annotation, False


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_whole_number, parse_float=_number)
    except json.JSONDecodeError:
        return text
    except RecursionError:
        raise ValueError("that is nested too deeply") from None


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        has_digits_only = text.strip().removeprefix("-").isdecimal()
        problem = "that has too many digits" if has_digits_only else "that is no whole number"
        raise ValueError(problem) from None


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError("that is no number") from None
    if math.isinf(number) and "inf" not in text.lower():
        raise ValueError("that is too large for a float")
    return number


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError("that is neither true nor false")
    return _WORDS[text.lower()]


_READERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: _whole_number,
    float: _number,
    bool: _yes_or_no,
}
