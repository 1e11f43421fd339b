"""Showing people what a terminal cannot: whether there is a screen for it."""

import os
import sys

_GRAPHICAL = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def has_screen() -> bool:
    """Whether programs with windows can be started from here; over SSH mostly not.

    Browsers for terminals do not count: they would take this one over.
    """
    return not sys.platform.startswith("linux") or any(map(os.environ.get, _GRAPHICAL))
