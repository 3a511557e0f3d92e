"""Names of columns as headers write them: in any letter case and punctuation, in quotes, or by another name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

_WRAPPED = re.compile(r"""b?(["'])(.*)\1""", re.DOTALL)
_LAYERS = 3  # quotes within quotes that are taken off: more are no export, and each costs a copy
_LETTERS: Final = re.compile("[a-z]+")
_LETTERS_AND_DIGITS: Final = re.compile("[a-z0-9]+")


def unwrapped(text: str) -> str:
    """Take off quotes, the mark of a bytes literal, and white space around a value.

    >>> [unwrapped(text) for text in ("tcp", "b'tcp'", "'tcp'", '"tcp "', "b'", "o'clock")]
    ['tcp', 'tcp', 'tcp', 'tcp', "b'", "o'clock"]
    """
    for _ in range(_LAYERS):
        text = text.strip(" \t")
        match = _WRAPPED.fullmatch(text)
        if match is None:
            break
        text = match[2]
    return text


def name_key(name: str) -> str:
    """Letters and digits of a name, in lower case.

    >>> name_key('"Src Bytes"')
    'srcbytes'
    """
    return re.sub("[^a-z0-9]", "", unwrapped(name).lower())


class ColumnNames:
    """Finds columns by what a header calls them.

    Args:
        columns: Names of the columns.
        aliases: Other names by column.

    >>> names = ColumnNames(["src_bytes", "land"], {"land": ["same_host"]})
    >>> [names.column(text) for text in ("Src Bytes", "'same host'", "flag")]
    ['src_bytes', 'land', None]
    """

    def __init__(self, columns: Sequence[str], aliases: Mapping[str, Sequence[str]]):
        self._written = {other: name for name in columns for other in (name, *aliases.get(name, ()))}
        # a name of its own comes before what another column is also called
        self._by_key = {name_key(other): name for other, name in self._written.items()}
        self._by_key |= {name_key(name): name for name in columns}

    def column(self, text: str) -> str | None:
        """Column that a name means; None for a name of no column."""
        return self._by_key.get(name_key(text))

    def in_line(self, line: str, most: int) -> int:
        """Count the different columns that a line of any form names, up to a number.

        Args:
            line: Text in lower case, with any separators.
            most: Number of columns that is enough.
        """
        found: set[str] = set()
        words, at = self._words.findall(line), 0
        while at < len(words) and len(found) < most:
            length = 1
            if words[at] in self._first_words:
                for count in range(self._words_of_a_name, 0, -1):  # `dst_host_count` is not `count` too
                    if column := self._by_key.get("".join(words[at : at + count])):
                        found.add(column)
                        length = count
                        break
            at += length
        return len(found)

    @cached_property
    def _words(self) -> "re.Pattern[str]":
        return _LETTERS_AND_DIGITS if any(re.search("[0-9]", key) for key in self._by_key) else _LETTERS

    @cached_property
    def _first_words(self) -> frozenset[str]:
        """First words of names as they are written: with punctuation between the words, or without."""
        return frozenset(
            word for name in self._written for word in ((self._words.findall(name.lower()) or [""])[0], name_key(name))
        )

    @cached_property
    def _words_of_a_name(self) -> int:
        return max(len(self._words.findall(name.lower())) for name in self._written)


def shortened(names: Iterable[str], shown: int) -> str:
    """List the first of some names for a message, and count the others."""
    listed = list(names)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return f"{', '.join(map(repr, listed[:shown]))}{more}"
