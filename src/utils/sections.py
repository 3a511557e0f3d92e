"""Tables in sections, as text for a terminal and as Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

Row = Sequence[str]


@dataclass(frozen=True)
class Section:
    """Rows of a table.

    Attributes:
        rows: Cells of each row; the first is its label.
        titles: Title of each column; none for a list of facts, whose rows are a label and a text.
    """

    rows: Sequence[Row]
    titles: Row = ()


def as_text(sections: Sequence[Section]) -> str:
    """Return sections with a blank line between them; those in a row with equal titles are aligned under one title.

    >>> facts = Section([("data", "simulated")])
    >>> scores, alarms = (Section([row], ("", "test")) for row in (("accuracy, %", "99.11"), ("alarms, %", "0.5")))
    >>> print(as_text([facts, scores, alarms]))
    data         simulated
    <BLANKLINE>
                  test
    accuracy, %  99.11
    <BLANKLINE>
    alarms, %      0.5
    """
    label = max(len(row[0]) for section in sections for row in section.rows)
    blocks: list[str] = []
    for table in _tables(sections):
        titles = table[0].titles
        rows = [*([titles] if titles else []), *(row for section in table for row in section.rows)]
        widths = [label, *(max(map(len, column)) if titles else 0 for column in list(zip(*rows, strict=True))[1:])]
        head = [titles] if titles else []
        for section in table:
            blocks.append("\n".join(_line(row, widths) for row in (*head, *section.rows)))
            head = []
    return "\n\n".join(blocks)


def as_markdown(sections: Sequence[Section]) -> str:
    """Return sections as Markdown tables; those in a row with equal titles are one table.

    >>> print(as_markdown([Section([("accuracy, %", "99.11")], ("", "test"))]))
    | | test |
    |---|---:|
    | accuracy, % | 99.11 |
    """
    return "\n\n".join("\n".join(_markdown_lines(table)) for table in _tables(sections))


def _tables(sections: Sequence[Section]) -> Iterator[list[Section]]:
    """Group the sections that follow each other with equal titles."""
    for _, group in groupby(sections, key=lambda section: tuple(section.titles)):
        yield list(group)


def _line(row: Row, widths: Sequence[int]) -> str:
    """Return a line of text: the label to the left, the other cells to the right of their columns."""
    cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join([f"{row[0]:<{widths[0]}}", *cells]).rstrip()


def _markdown_lines(table: Sequence[Section]) -> Iterator[str]:
    titles = table[0].titles
    facts = not titles
    yield _markdown_row(titles or ("", ""))
    yield "|".join(["", "---", *(["---"] if facts else ["---:"] * (len(titles) - 1)), ""])
    for section in table:
        yield from map(_markdown_row, section.rows)


def _markdown_row(row: Row) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|"
