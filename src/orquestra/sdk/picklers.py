"""cloudpickle's pickler, writing pickles that clients of release 1.1 can read as well.

That release has cloudpickle 2.2.1, where two functions lie in another module and markers of
dataclasses have no function of their own. The newer cloudpickle finds them at the old places too.
"""

import dataclasses
import importlib
from io import BytesIO
from typing import Any

import cloudpickle

_OLD_MODULE = "cloudpickle.cloudpickle_fast"
_SET_STATE = ("_class_setstate", "_function_setstate")
_MARKERS = ("_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR")

_PLACES = {
    id(getattr(module, name)): (module.__name__, name)
    for module, names in (
        (importlib.import_module(_OLD_MODULE), _SET_STATE),
        (dataclasses, _MARKERS),
    )
    for name in names
}
"""Where both versions find an object, by its id; all of them live as long as the process."""


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # without types
    """A pickler that names some parts of cloudpickle by where they have always been."""

    def reducer_override(self, obj: Any) -> Any:
        """Tell how to pickle an object: pickle's own hook."""
        if place := _PLACES.get(id(obj)):
            module, name = place
            return getattr, (importlib.import_module(module), name)
        return super().reducer_override(obj)


def dumps(value: Any, *, protocol: int) -> bytes:
    """Pickle a value. Raises whatever pickling the value raises."""
    file = BytesIO()
    Pickler(file, protocol=protocol).dump(value)
    return file.getvalue()
