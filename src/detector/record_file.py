"""Check of the files of `predict` before a detector is loaded, which takes seconds."""

import os
import stat
import sys
from pathlib import Path

from src.utils.files import is_replaceable

STANDARD_INPUT = Path("-")
EXPECTED = "raw records, comma-separated columns in each line, such as examples/records.csv"
_STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")  # opened by name, a file behind it is emptied


class ClosedStreamError(ValueError):
    """Standard stream that a call needs and that is closed."""


def check_files(records: Path, output: Path | None, quarantine: Path | None) -> None:
    """Check that there is something to read, and that no file of the user is lost.

    Args:
        records: File of records, or `-`.
        output: File of the verdicts; None is standard output.
        quarantine: File of malformed lines, if they are kept.
    Raises:
        ValueError: the file is missing, a folder, empty, or an output; or two outputs are one file; or the quarantine
            would replace a file that is none.
        ClosedStreamError: standard input or output is closed, and needed.
        OSError: a folder has the name of an output.
    """
    if sys.__stdin__ is None and str(records) in _STANDARD_INPUT:
        raise ClosedStreamError(f"standard input: found it closed, expected {EXPECTED}")
    if sys.__stdout__ is None and is_standard_output(output or Path("-")):
        raise ClosedStreamError(
            "standard output: found it closed, expected a place for the verdicts; name a file with -o"
        )
    status = _status_of_records(records)
    if stat.S_ISREG(status.st_mode) and status.st_size == 0:  # a pipe has no size
        raise ValueError(no_records(shown_name(records)))
    taken: dict[tuple[int, int] | str | None, str] = {_identity(status): "the file of records itself"}
    for path in (output or Path("-"), *quarantine_files(quarantine)):
        identity = _identity_of_output(path)
        if identity and identity in taken:
            raise ValueError(
                f"{output_name(path)}: found {taken[identity]}, expected another output; choose another name"
            )
        taken[identity] = f"the file of another output, {output_name(path)}"
    if quarantine:
        _check_earlier(*quarantine_files(quarantine))


def _status_of_records(path: Path) -> os.stat_result:
    name = shown_name(path)
    try:
        status = os.fstat(0) if path == STANDARD_INPUT else path.stat()
    except FileNotFoundError:
        raise ValueError(f"{name}: found no such file, expected {EXPECTED}") from None
    except OSError as error:
        raise ValueError(f"{name}: found '{error.strerror}', expected {EXPECTED}") from error
    if stat.S_ISDIR(status.st_mode):
        raise ValueError(f"{name}: found a folder, expected a file of {EXPECTED}")
    return status


def _identity_of_output(path: Path) -> tuple[int, int] | str | None:
    """Identity of the file that an output replaces or makes; None for a device or pipe."""
    if not is_standard_output(path) and is_replaceable(path) and not path.exists():
        return os.path.realpath(path)
    try:
        return _identity(os.fstat(1) if is_standard_output(path) else path.stat())
    except OSError:  # standard output is closed
        return None


def _identity(status: os.stat_result) -> tuple[int, int] | None:
    """Device and inode of a plain file, the same by every name and link; None for a device or pipe."""
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _check_earlier(lines: Path, *reasons: Path) -> None:
    """Refuse to replace files that no earlier call wrote; the reasons beside the lines show that one did."""
    # only now: it takes long
    from src.data.parsing.quarantine import HEADER

    for path in reasons:
        if path.is_file():
            with path.open("rb") as file:
                if file.readline(100).rstrip() == ",".join(HEADER).encode():
                    return
    for path in (lines, *reasons):
        if path.is_file() and path.stat().st_size > 0:
            raise ValueError(
                f"{path}: found a file that is no quarantine of an earlier call, expected one or no file; "
                "choose another name for --quarantine, or remove the file"
            )


def quarantine_files(quarantine: Path | None) -> list[Path]:
    """List the files of the lines that are left out: the lines, and the reasons; a device or pipe has no reasons."""
    if quarantine is None:
        return []
    return [quarantine, reasons_file(quarantine)] if is_replaceable(quarantine) else [quarantine]


def reasons_file(quarantine: Path) -> Path:
    """File of the reasons, beside that of the lines."""
    return quarantine.with_name(f"{quarantine.name}.reasons.csv")


def is_standard_output(path: Path) -> bool:
    """Tell whether a path is one of the names of standard output."""
    return str(path) in _STANDARD_OUTPUT


def output_name(path: Path) -> str:
    """Name of an output for messages."""
    return "standard output" if is_standard_output(path) else str(path)


def shown_name(path: Path) -> str:
    """Name of a file for messages."""
    return "standard input" if path == STANDARD_INPUT else str(path)


def no_records(name: str) -> str:
    """Message for a file without records."""
    return f"{name}: found no record, expected {EXPECTED}; an empty file or a header alone has no verdicts"


def in_words(error: Exception, path: Path) -> str:
    """Say what went wrong, and in which file, where the error does not say it."""
    # without a number, the message is of this project and names the file
    nameless = isinstance(error, OSError) and error.errno is not None and error.filename is None
    of_records = nameless and not isinstance(error, ConnectionError)  # not of the MLflow store
    return f"{shown_name(path)}: {error}" if of_records else str(error)
