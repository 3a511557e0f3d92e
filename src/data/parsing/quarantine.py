"""Files of malformed lines that were left out: their bytes, and beside them what is wrong with each."""

import csv
import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from src.data.parsing.records import BadRecord
from src.utils.files import is_replaceable, whole_file

HEADER = ("line", "column", "value", "expected")


class Quarantine:
    """Two files that are written line by line; they exist only if there are malformed lines and the block ends well.

    Args:
        lines: File of the lines, byte for byte, in order.
        reasons: CSV of line number, column, value and what was expected, a row for each of these lines. A device or
            pipe takes the lines alone.
    """

    def __init__(self, lines: Path, reasons: Path):
        self.path = lines
        self._paths = (lines, reasons if is_replaceable(lines) else Path(os.devnull))
        self._stack = ExitStack()
        self._lines: BinaryIO | None = None
        self._reasons: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> bool | None:
        if self._lines is None and error[0] is None:
            for path in self._paths:
                if path.is_file():  # of the last time
                    path.unlink()
        return self._stack.__exit__(*error)

    def begin(self) -> None:
        """Open the files, if they are not open."""
        if self._lines is not None:
            return
        lines, reasons = (self._stack.enter_context(whole_file(path)) for path in self._paths)
        self._lines = self._stack.enter_context(lines.open("wb"))
        file = self._stack.enter_context(reasons.open("w", newline="", encoding="utf-8"))
        self._reasons = csv.writer(file)
        self._reasons.writerow(HEADER)

    def add(self, bad: Iterable[BadRecord]) -> None:
        """Write malformed lines."""
        for record in bad:
            self.begin()
            cast(BinaryIO, self._lines).write(record.raw + b"\n")
            self._reasons.writerow([record.line, record.column, record.value, record.expected])
