"""Sentences under the title of a table on the choice of its runs."""

from collections.abc import Sequence

from src.tracking.tables.results import Row


def left_out(count: int) -> list[str]:
    """Return a sentence on the runs in whose place another of the same configuration and seed counts, if there are any.

    >>> left_out(1)
    ['1 other run of the same configurations and seeds left out.']
    """
    return [f"{count} other run{'s' * (count != 1)} of the same configurations and seeds left out."] if count else []


def mixed_code(rows: Sequence[Row]) -> list[str]:
    """Return a sentence on the rows whose runs are of different code or libraries, if there are any."""
    count = sum(len({run.code for run in row.finished.values() if run.code}) > 1 for row in rows)
    if not count:
        return []
    return [f"{count} row{'s mix' if count != 1 else ' mixes'} runs of several versions of the code or the libraries."]
