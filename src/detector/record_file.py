"""Check of a file of raw records before a detector is loaded, which takes seconds."""

from pathlib import Path

EXPECTED = "raw records, 41 comma-separated columns a line, such as examples/records.csv"


def check_record_file(path: Path) -> None:
    """Check that there is something to read.

    Raises:
        ValueError: the file is missing, a folder, or empty.
    """
    if not path.exists():
        raise ValueError(f"{path}: found no such file, expected {EXPECTED}")
    if path.is_dir():
        raise ValueError(f"{path}: found a folder, expected a file of {EXPECTED}")
    if path.is_file() and path.stat().st_size == 0:  # a pipe has no size
        raise ValueError(no_records(path))


def no_records(path: Path) -> str:
    """Message for a file without records."""
    return f"{path}: found no record, expected {EXPECTED}; an empty file or a header alone has no verdicts"
