"""Writes the values of `project/shapes.py` as pickles, or reads them: run by both clients.

python exchange_values.py write PICKLES
python exchange_values.py read PICKLES WHAT-IS-SAID-OF-THEM
"""

import base64
import json
import sys
from pathlib import Path

PROJECT = Path(__file__).parent / "project"


def main(what, *files):
    pickles, *found = map(Path, files)
    if what == "write":
        pickles.write_text(json.dumps(written()))
    else:
        found[0].write_text(json.dumps(read(json.loads(pickles.read_text()))))


def written():
    """A pickle that stands on its own, and what is said of it, for each of the values."""
    sys.path.insert(0, str(PROJECT))
    import shapes

    dumps = writer(shapes)
    return {
        name: (base64.b64encode(dumps((shapes.told, value))).decode(), shapes.told(value))
        for name, value in shapes.VALUES.items()
    }


def writer(module):
    try:
        from orquestra.sdk.code import by_value
    except ImportError:  # the published client leaves it to its cloudpickle
        import cloudpickle

        cloudpickle.register_pickle_by_value(module)
        return lambda value: cloudpickle.dumps(value, protocol=4)
    return lambda value: by_value.dumps(value, module=module.__name__)


def read(pickles):
    """What is said of each of the values here; `shapes` cannot be imported."""
    import cloudpickle

    found = {}
    for name, (text, _) in pickles.items():
        try:
            told, value = cloudpickle.loads(base64.b64decode(text))
            found[name] = told(value)
        except Exception as error:  # noqa: BLE001 - any error is an outcome
            found[name] = f"{type(error).__name__}: {error}"
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
