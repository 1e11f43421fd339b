"""Where the demo prints its tables."""

from rich.console import Console

PIPE_WIDTH = 120


def wide_console() -> Console:
    """As wide as the terminal; in a pipe wide enough for every table of the demo."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)
