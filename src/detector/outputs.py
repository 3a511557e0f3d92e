"""Outputs of `predict`: the verdicts, and the malformed lines that were left out; errors name the output."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from src.data.parsing.quarantine import Quarantine
from src.data.parsing.records import BadRecord
from src.detector.record_file import is_standard_output, output_name, reasons_file
from src.utils.files import whole_file
from src.utils.leftovers import SUFFIX


@contextmanager
def open_output(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file that is written whole or not at all, a device or pipe, or standard output for None and `-`."""
    path = path or Path("-")
    with _named(path):
        if is_standard_output(path):
            yield sys.stdout.buffer
            return
        with whole_file(path) as part, part.open("wb") as file:
            yield file


def open_quarantine(path: Path | None) -> Quarantine | None:
    """Name the files of the lines that are left out: `path`, and the reasons beside it."""
    return _NamedQuarantine(path, reasons_file(path)) if path else None


class _NamedQuarantine(Quarantine):
    """Quarantine in files that a user named: none is removed, and without malformed lines they are empty."""

    def __exit__(self, *error: Any) -> bool | None:
        with _named(self.path):
            if error[0] is None:
                self.begin()
            return super().__exit__(*error)

    def add(self, bad: Iterable[BadRecord]) -> None:
        with _named(self.path):
            super().add(bad)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the name of an output before an error of writing it; errors of other files go on as they are."""
    try:
        yield
    except OSError as error:
        if not _is_of(path, error) or (isinstance(error, BrokenPipeError) and is_standard_output(path)):
            raise
        raise OSError(
            f"{output_name(path)}: found '{error.strerror}' in writing it, expected a place that can be written; "
            "free it or choose another output"
        ) from error


def _is_of(path: Path, error: OSError) -> bool:
    """Tell an error of an output from one that is of the input or has a name already."""
    if error.errno is None:
        return False
    name = error.filename
    return name is None or str(name).endswith(SUFFIX) or Path(str(name)) in (path, *path.parents)
