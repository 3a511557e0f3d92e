"""Lines: cut from a stream in memory that no input exceeds, in time that grows with its bytes."""

import re
from io import BytesIO
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.data.parsing import lines
from src.data.parsing.lines import LONGEST_LINE, LongLine, pieces, split_lines, whole_lines, without_padding

some_text = st.lists(st.sampled_from([b"", b"a", b"b" * 7, b"c" * 8, b"d" * 9, b"e" * 30])).map(b"\n".join)


class Endless:
    """Stream of one line without an end, of which nobody may keep more than a little."""

    def __init__(self, size: int):
        self.left = size

    def read(self, size: int) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return b"x" * size


@given(text=some_text, block_bytes=st.integers(1, 40))
def test_lines_are_whole_and_long_ones_come_alone(text: bytes, block_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LONGEST_LINE", 8)
        found = list(whole_lines(BytesIO(text), block_bytes))
    assert sum(one.size if isinstance(one, LongLine) else len(one) for one in found) == len(text)
    wanted = [line[:8] for line in split_lines(text)] if text else []
    got = [line for one in found for line in ([one.start] if isinstance(one, LongLine) else split_lines(one))]
    assert got == wanted
    assert [one.start[:1] for one in found if isinstance(one, LongLine)] == re.findall(rb"(?m)^([de])", text)
    assert all(one.endswith(b"\n") for one in found[:-1] if not isinstance(one, LongLine))


def test_a_line_of_the_longest_length_is_no_long_line() -> None:
    text = b"x" * LONGEST_LINE + b"\n" + b"y" * (LONGEST_LINE + 1) + b"\nz"
    first, second, third = whole_lines(BytesIO(text), 1 << 20)
    assert first == b"x" * LONGEST_LINE + b"\n"
    assert second == LongLine(b"y" * LONGEST_LINE, LONGEST_LINE + 2)
    assert third == b"z"


def test_a_line_without_end_is_counted_and_not_kept() -> None:
    (line,) = whole_lines(cast(BinaryIO, Endless(300 << 20)), 1 << 20)
    assert isinstance(line, LongLine)
    assert (len(line.start), line.size) == (LONGEST_LINE, 300 << 20)


@given(text=some_text, size=st.integers(1, 40))
def test_pieces_are_whole_lines_and_together_the_text(text: bytes, size: int) -> None:
    found = list(pieces(text, size))
    assert b"".join(found) == text
    assert all(one.endswith(b"\n") for one in found[:-1])
    assert all(len(one) <= size + 31 for one in found)  # at most the longest line more


@given(st.lists(st.sampled_from([b" ", b"\t", b",", b"\n", b"a", b"  "])).map(b"".join))
def test_white_space_is_removed_beside_values_only(text: bytes) -> None:
    wanted = b"\n".join(b",".join(value.strip(b" \t") for value in line.split(b",")) for line in text.split(b"\n"))
    assert without_padding(text) == wanted


@pytest.mark.parametrize("text", [b"a" + b" " * 4_000_000 + b"b", b" \t" * 2_000_000 + b"b", b"a " * 2_000_000 + b"b"])
def test_a_long_run_of_blanks_takes_no_quadratic_time(text: bytes) -> None:
    assert without_padding(text) == text.lstrip(b" \t")  # with quadratic time, hours
