"""Check of a file of raw records before a detector is loaded, which takes seconds."""

from pathlib import Path

STANDARD_INPUT = Path("-")
EXPECTED = "raw records, 41 comma-separated columns a line, such as examples/records.csv"


def check_record_file(path: Path, *outputs: Path | None) -> None:
    """Check that there is something to read, and that no output is the file itself.

    Raises:
        ValueError: the file is missing, a folder, empty, or an output.
    """
    if path == STANDARD_INPUT:
        return
    if not path.exists():
        raise ValueError(f"{path}: found no such file, expected {EXPECTED}")
    if path.is_dir():
        raise ValueError(f"{path}: found a folder, expected a file of {EXPECTED}")
    if path.is_file() and path.stat().st_size == 0:  # a pipe has no size
        raise ValueError(no_records(str(path)))
    for output in outputs:
        if path.is_file() and output is not None and output.exists() and output.samefile(path):
            raise ValueError(f"{output}: found the file of records itself, expected another output; choose its name")


def shown_name(path: Path) -> str:
    """Name of a file for messages."""
    return "standard input" if path == STANDARD_INPUT else str(path)


def no_records(name: str) -> str:
    """Message for a file without records."""
    return f"{name}: found no record, expected {EXPECTED}; an empty file or a header alone has no verdicts"


def in_words(error: Exception, path: Path) -> str:
    """Say what went wrong, and in which file, where the error does not say it."""
    of_records = isinstance(error, OSError) and not isinstance(error, ConnectionError)  # not of the MLflow store
    return f"{path}: {error}" if of_records and str(path) not in str(error) else str(error)
