"""Short texts of errors, for messages of one line."""

import errno
from typing import Final

_LONGEST = 200  # characters
_OF_SYSTEM: Final = {
    errno.ENOENT: "found no such file or folder, expected one",
    errno.EISDIR: "found a folder, expected a file",
    errno.ENOTDIR: "found a file, expected a folder",
    errno.EACCES: "found no permission, expected a file that may be read, or a folder that may be written",
    errno.EPERM: "found no permission, expected a file that may be read, or a folder that may be written",
}


def first_line(error: object) -> str:
    r"""Beginning of the first line of an error; empty if the error has no text.

    >>> first_line(ValueError("found 3\nin a file")), first_line(ValueError())
    ('found 3', '')
    """
    return next(iter(str(error).splitlines()), "")[:_LONGEST]


def system_words(error: BaseException, *, named: bool = False) -> str:
    """Message of an error; of one of the operating system what was found and expected, in place of its number.

    Args:
        named: If true, the caller names the file.

    >>> system_words(IsADirectoryError(errno.EISDIR, "Is a directory", "/tmp"))
    '/tmp: found a folder, expected a file'
    >>> system_words(ValueError("found 3"))
    'found 3'
    """
    if not isinstance(error, OSError) or error.errno not in _OF_SYSTEM:
        return str(error)
    name = "" if named or error.filename is None else f"{error.filename}: "
    return f"{name}{_OF_SYSTEM[error.errno]}"
