"""Short texts of errors, for messages of one line."""

_LONGEST = 200  # characters


def first_line(error: object) -> str:
    r"""Beginning of the first line of an error; empty if the error has no text.

    >>> first_line(ValueError("found 3\nin a file")), first_line(ValueError())
    ('found 3', '')
    """
    return next(iter(str(error).splitlines()), "")[:_LONGEST]
