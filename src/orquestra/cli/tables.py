"""Tables that lose nothing, however little room there is.

A table that is too wide has its cells folded. Where columns would become too narrow to be read, or
the one that must stay whole has no room, each row is told in lines of its own instead.
"""

from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_READABLE = 10
"""Characters: the longest state has as many."""
_AT_THE_EDGES, _BESIDE_A_CELL = 1, 3


def show(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]], *, whole: str | None
) -> None:
    """Print rows; the column `whole`, which has ids, is the last to be folded."""
    natural = [_natural(column) for column in zip(columns, *rows, strict=True)]
    least = [
        _natural([header, *cells]) if header == whole else _least(header, cells)
        for header, *cells in zip(columns, *rows, strict=True)
    ]
    room = console.width - _AT_THE_EDGES - _BESIDE_A_CELL * len(columns)
    if sum(natural) <= room:
        _show_table(console, columns, rows, widths=natural)
    elif sum(least) <= room:
        _show_table(console, columns, rows, widths=_shrunk(natural, least=least, room=room))
    else:
        _show_in_lines(console, columns, rows, title=whole or columns[0])


def _natural(cells: Iterable[str | Text]) -> int:
    return max((cell_len(line) for cell in cells for line in str(cell).split("\n")), default=0)


def _least(header: str, cells: Iterable[Text]) -> int:
    """The width with which a column can still be read; its title may be folded between words."""
    return max(min(_natural(cells), _READABLE), *map(cell_len, header.split()))


def _shrunk(natural: Sequence[int], *, least: Sequence[int], room: int) -> list[int]:
    """The widths that fit: the widest columns give most."""
    limit = max(natural)
    widths = list(natural)
    while sum(widths) > room:
        limit -= 1
        widths = [max(min(w, limit), low) for w, low in zip(natural, least, strict=True)]
    left = room - sum(widths)  # of columns that were equally wide
    widest = max(range(len(widths)), key=lambda k: natural[k] - widths[k])
    widths[widest] += min(left, natural[widest] - widths[widest])
    return widths


def _show_table(
    console: Console,
    columns: Sequence[str],
    rows: Sequence[Sequence[Text]],
    *,
    widths: Sequence[int],
) -> None:
    table = Table(box=box.SIMPLE_HEAVY)
    for header, width in zip(columns, widths, strict=True):
        table.add_column(header, width=width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _show_in_lines(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]], *, title: str
) -> None:
    console.print()
    for row in rows:
        cells = dict(zip(columns, row, strict=True))
        name = cells.pop(title)
        name.stylize("bold")
        facts = [Text.assemble((f"{key}: ", "dim"), text) for key, text in cells.items() if text]
        console.print(name, overflow="fold")
        console.print(Padding(Text("   ", overflow="fold").join(facts), (0, 0, 0, 2)))
    console.print()
