"""Mutated records against a reading of the rules that shares no code with the parser."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest

from tests.kdd import COLUMNS, FLAGS, LABELS, PROTOCOLS, SERVICES, read_blocks

FILES, LINES, PLAIN_LINES = 110, 500, 40
NAMES = [*COLUMNS, "label"]

# --- the rules, read apart from the parser ----------------------------------------------------------------------------

WORDS = {"protocol_type": PROTOCOLS, "service": SERVICES, "flag": FLAGS}
BLANKS = " \t"
ROW = list[Any]


class Refused(Exception):  # noqa: N818
    """A line that is no record."""


def fields_of(text: str) -> list[str]:
    """Fields of a line, letter by letter."""
    if '"' not in text:
        return [field.strip(BLANKS) for field in text.split(",")]
    fields, at = [], 0
    while True:
        while at < len(text) and text[at] in BLANKS:
            at += 1
        value = ""
        if text[at : at + 1] == '"':
            at += 1
            while text[at : at + 1] != '"' or text[at + 1 : at + 2] == '"':
                if at >= len(text):
                    raise Refused("open quote")
                at += 1 + (text[at] == '"')
                value += text[at - 1]
            at += 1
            while at < len(text) and text[at] in BLANKS:
                at += 1
            if at < len(text) and text[at] != ",":
                raise Refused("text behind a quote")
        else:
            while at < len(text) and text[at] != ",":
                value += text[at]
                at += 1
        fields.append(",".join(part.strip(BLANKS) for part in value.split(",")))
        if at >= len(text):
            return fields
        at += 1


def bare(value: str) -> str:
    """A value without its wrapping: at most three layers of quotes or bytes literals."""
    for _ in range(3):
        value = value.strip(BLANKS)
        inner = value[1:] if value[:1] == "b" else value
        if len(inner) < 2 or inner[0] not in "'\"" or inner[-1] != inner[0]:
            return value
        value = inner[1:-1]
    return value


def as_number(value: str) -> int | float | None:
    """An int for digits alone, a float for other numbers."""
    if value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        return int(value)
    if set(value) <= set("0123456789.eE+-") and value[:1] != "+":
        try:
            return float(value)
        except ValueError:
            return None
    return None


def meaning(name: str, value: str) -> Any:
    kind = "label" if name == "label" else COLUMNS[name]
    small = value.lower() if value.isascii() else None
    if kind == "label":
        for label in LABELS:
            if small in (label, f"{label}."):
                return label
        raise Refused(name)
    if kind == "category":
        if value == "" or as_number(value) is not None:
            raise Refused(name)
        return next((word for word in WORDS[name] if word.lower() == small), value)
    number = as_number(value)
    if number is None and kind != "rate" and small in ("true", "false"):
        number = int(small == "true")
    most = {"binary": 1, "rate": 1, "count": 2**63 - 1}[kind]
    if number is None or not 0 <= number <= most or (kind != "rate" and number % 1 != 0):
        raise Refused(name)
    return float(number) if kind == "rate" else int(number)


def oracle(line: bytes, order: Sequence[str], *, labeled: bool) -> ROW:
    """Values of the columns, and the label or None; raises for a line that is no record."""
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise Refused("bytes") from None
    if "\r" in text or "\0" in text:
        raise Refused("control character")
    fields = fields_of(text)
    if len(fields) != len(order):
        raise Refused("fields")
    value = dict(zip(order, map(bare, fields), strict=True))
    return [meaning(name, value[name]) if name != "label" or labeled else None for name in NAMES]


# --- the mutations ----------------------------------------------------------------------------------------------------

ODD = [
    "", " ", "0", "1", "-1", "-0", "1.0", "0.5", "1.5", "215.0", "2.15e+02", "1e3", "1E-1", "5e-400", "1e999", ".5",
    "5.",
    ".", "-", "e5", "+1", "1_0", "0x1F", "nan", "inf", "-inf", "?", "NA", "true", "False", "007", "9" * 19, "9" * 25,
    "9223372036854775807", "9223372036854775808", "9223372036854775808.0", "1" * 400, "0" * 400, "tcp", "TCP", "Http",
    "https", "sf", "IRC", "irc", "24", "smurf", "SMURF.", "normal..", "bac\N{KELVIN SIGN}.", "lin\N{KELVIN SIGN}",
    "martian", '"', '""', '"a,b"', '"a ,b"', '"tcp',
    'tcp"', 't"c"p', '"t""cp"', "b'tcp'", 'b"tcp"', "'tcp'", "''tcp''", "'''tcp'''", "''''tcp''''", "b''", "b'", "'",
    "b'1'", "'0.5'", '"1"', '" 1 "', "é", "٣", "K", "ſf", "\x0b1", "a\0b", "a\rb", "\ufeff0", "0,0", " 5", "5\t", "5 5",
]  # fmt: skip
WRAP = [
    '"{}"',
    "'{}'",
    "b'{}'",
    'b"{}"',
    '" {} "',
    " {} ",
    "\t{}",
    "'\"{}\"'",
    "\"b'{}'\"",
    "{}.0",
    "{}.",
    "{}e0",
    "0{}",
]
BYTES = [
    b"\xff",
    b"\xed\xa0\x80",
    b"\0",
    b"\r",
    b'"',
    b"'",
    b",",
    b" ",
    b"\t",
    b"b",
    b"+",
    b"0x",
    b"\xc3\xa9",
    b"\\",
    b";",
]


@dataclass
class Mutator:
    """Writes records and mutations of them from one seed."""

    draw: random.Random
    whole: str = "{}"  # how whole numbers are written

    def values(self) -> dict[str, str]:
        draw = self.draw
        values = {}
        for name, kind in COLUMNS.items():
            if kind == "category":
                values[name] = draw.choice(WORDS[name])
            elif kind == "rate":
                values[name] = f"{draw.randrange(101) / 100:.2f}"
            else:
                values[name] = str(
                    draw.randrange(2) if kind == "binary" else draw.randrange(10 ** draw.randrange(1, 10))
                )
        return values | {"label": f"{draw.choice(LABELS)}."}

    def line(self, order: Sequence[str], mutations: int) -> bytes:
        draw, values = self.draw, self.values()
        fields = [values.get(name, "") for name in order]
        for _ in range(mutations):
            at, way = draw.randrange(len(fields)), draw.random()
            if way < 0.35:
                fields[at] = draw.choice(ODD)
            elif way < 0.75:
                fields[at] = draw.choice(WRAP).format(fields[at])
            elif way < 0.85:
                fields[at] = draw.choice([str.upper, str.title, str.swapcase])(fields[at])
            elif way < 0.9:
                del fields[at]
            else:
                fields.insert(at, draw.choice(ODD))
            if not fields:
                return b""
        line = ",".join(fields).encode()
        if mutations and draw.random() < 0.2:
            at = draw.randrange(len(line) + 1)
            line = line[:at] + draw.choice(BYTES) + line[at:]
        return line


def one_file(seed: int) -> tuple[list[bytes], list[str], bool, bool]:
    """Lines, order of the fields, if the labels are read, and if a header names the fields."""
    draw = random.Random(seed)
    order, headed, labeled = list(NAMES), draw.random() < 0.5, draw.random() < 0.7
    if headed:
        order += ["", "a note"]
        draw.shuffle(order)
    write = Mutator(draw, draw.choice(["{}", "{}", "{}.0", "{:e}"]))
    mutated = draw.choice([0.02, 0.5, 0.9])  # few, so that whole blocks are read at once; or many
    lines = [",".join(order).encode()] * headed + [write.line(order, 0) for _ in range(PLAIN_LINES)]
    while len(lines) < LINES + headed:
        lines.append(
            b""
            if draw.random() < 0.01
            else write.line(order, draw.choice([1, 1, 1, 2, 3]) if draw.random() < mutated else 0)
        )
    return lines, order, labeled, headed


@pytest.mark.integration
def test_fifty_thousand_mutated_records_are_read_as_the_rules_say(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for seed in range(FILES):
        lines, order, labeled, headed = one_file(seed)
        wanted: dict[int, ROW] = {}
        refused = []
        for number, line in enumerate(lines, 1):
            if (headed and number == 1) or not line.strip(b" \t\r"):
                continue
            try:
                wanted[number] = oracle(line, order, labeled=labeled)
            except Refused as reason:
                refused.append(number)
                counts[f"refused: {str(reason) if reason.args[0] not in COLUMNS else 'value'}"] += 1
        found: dict[int, ROW] = {}
        bad = []
        for block in read_blocks(
            BytesIO(b"\n".join(lines)),
            f"seed {seed}",
            label="required" if labeled else "ignored",
            on_bad_record="quarantine",
            block_bytes=random.Random(seed).choice([10_000, 100_000, 16 << 20]),
        ):
            labels = block.label.to_pylist() if block.label is not None else [None] * len(block.line)
            rows = zip(*(block.columns.column(name).to_pylist() for name in COLUMNS), labels, strict=True)
            found |= {number: list(row) for number, row in zip(block.line.tolist(), rows, strict=True)}
            bad += [one.line for one in block.bad]
        assert bad == refused, [lines[number - 1] for number in {*bad} ^ {*refused}][:5]
        assert found == wanted, [(lines[n - 1], wanted[n], found[n]) for n in wanted if wanted[n] != found[n]][:2]
        counts["read"] += len(found)
        counts["records"] += len(found) + len(bad)
    with capsys.disabled():
        print(f"\nfuzz of the parser: {dict(counts.most_common())}, none read another way than the rules say")
    assert counts["records"] > 50_000
    assert min(counts["read"], counts["records"] - counts["read"]) > 10_000
