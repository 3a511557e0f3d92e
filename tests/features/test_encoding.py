"""Encoding: 53 numbers for each record, whatever the other records are."""

from collections import Counter
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kdd import COLUMNS, FEATURES, FLAGS, PROTOCOLS, SERVICES, VOCABULARIES, encode, read_blocks

# The first record of the 10 % file.
FIRST = (
    "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,8,8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,"
    "9,9,1.00,0.00,0.11,0.00,0.00,0.00,0.00,0.00"
)
Record = dict[str, str]


def columns(*records: Record) -> pa.Table:
    """Checked columns of some records, as the reader gives them."""
    text = "".join(",".join(record[name] for name in COLUMNS) + "\n" for record in records).encode()
    (block,) = read_blocks(BytesIO(text), "some", label="ignored")
    return block.columns


def first(**values: str) -> Record:
    return dict(zip(COLUMNS, FIRST.split(","), strict=True)) | values


def feature(X: np.ndarray, name: str) -> list[float]:
    return X[:, FEATURES.index(name)].tolist()


words = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
symbols = st.fixed_dictionaries({name: st.sampled_from(known) | words for name, known in VOCABULARIES.items()})


def with_numbers(symbols: Record, seed: int) -> Record:
    """A legal record: a strategy for each of 38 numbers would be slow."""
    rng = np.random.default_rng(seed)
    numbers = {"count": lambda: int(rng.integers(0, 2 ** rng.integers(0, 41))), "binary": lambda: int(rng.integers(2)),
               "rate": lambda: rng.integers(101) / 100}  # fmt: skip
    return {name: symbols.get(name) or str(numbers[kind]()) for name, kind in COLUMNS.items()}


records = st.builds(with_numbers, symbols, st.integers(0, 2**32 - 1))


def test_the_first_published_record_has_these_53_features() -> None:
    X, unknown = encode(columns(first()))
    numeric = [0, 24, 181, 5450, 0, 0, 0, 0, 0, 1, *[0] * 10, 8, 8, 0, 0, 0, 0, 1, 0, 0, 9, 9, 1, 0, 0.11, *[0] * 5]
    icmp_tcp_udp, flags_with_sf_tenth = [0, 1, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert X[0].tolist() == pytest.approx([*numeric, *icmp_tcp_udp, *flags_with_sf_tenth])
    assert unknown == {}


def test_every_numeric_column_goes_to_the_feature_of_its_name() -> None:
    numeric = [name for name, kind in COLUMNS.items() if kind != "category"]
    assert len(numeric) == 38
    zero = encode(columns(first(**dict.fromkeys(numeric, "0"))))[0]
    for name in numeric:
        X, _ = encode(columns(first(**dict.fromkeys(numeric, "0") | {name: "1"})))
        assert np.flatnonzero((zero != X)[0]).tolist() == [FEATURES.index(name)]
        assert feature(X, name) == [1]


def test_symbols_of_the_vocabulary_are_codes_and_single_ones() -> None:
    X, _ = encode(columns(*(first(service=service) for service in SERVICES)))
    assert feature(X, "service") == list(range(70))
    for names, prefix, column in ((PROTOCOLS, "protocol_type_", "protocol_type"), (FLAGS, "flag_", "flag")):
        X, _ = encode(columns(*(first(**{column: name}) for name in names)))
        one_hot = np.stack([feature(X, prefix + name) for name in names])
        assert (one_hot == np.eye(len(names))).all()


def test_unknown_symbols_are_zeros_or_the_code_after_the_last_and_are_counted() -> None:
    odd = [first(service="quic"), first(service="quic", flag="SX"), first(protocol_type="tcp4"), first()]
    X, unknown = encode(columns(*odd))
    assert unknown == {"service": Counter(quic=2), "flag": Counter(SX=1), "protocol_type": Counter(tcp4=1)}
    assert feature(X, "service") == [70, 70, 24, 24]
    assert X[:, 39:42].sum(axis=1).tolist() == [1, 1, 0, 1]
    assert X[:, 42:].sum(axis=1).tolist() == [1, 0, 1, 1]


def test_unknown_symbols_of_other_records_are_not_counted() -> None:
    assert encode(columns(first(service="quic"), first()).slice(1))[1] == {}  # the dictionary still holds it


def test_no_records_have_no_features() -> None:
    X, unknown = encode(columns(first()).slice(0, 0))
    assert (X.shape, X.dtype, unknown) == ((0, 53), np.float32, {})


@given(some=st.lists(records, min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_one_hot_groups_sum_to_one_where_the_symbol_is_known_and_to_zero_elsewhere(some: list[Record]) -> None:
    X, unknown = encode(columns(*some))
    assert (X.shape, X.dtype) == ((len(some), 53), np.float32)
    for name, group in (("protocol_type", slice(39, 42)), ("flag", slice(42, 53))):
        assert set(X[:, group].ravel().tolist()) <= {0, 1}
        assert X[:, group].sum(axis=1).tolist() == [record[name] in VOCABULARIES[name] for record in some]
    for name, vocabulary in VOCABULARIES.items():
        assert unknown.get(name, Counter()) == Counter(
            record[name] for record in some if record[name] not in vocabulary
        )


@given(parts=st.lists(st.lists(records, min_size=1, max_size=3), min_size=1, max_size=3))
@settings(deadline=None, max_examples=60)
def test_each_record_is_encoded_as_if_it_stood_alone(parts: list[list[Record]]) -> None:
    alone = [encode(columns(record)) for part in parts for record in part]
    chunks = pa.concat_tables([columns(*part) for part in parts])  # chunks with dictionaries of their own
    together: list[Any] = [encode(columns(*(record for part in parts for record in part))), encode(chunks)]
    counts = {name: sum((one.get(name, Counter()) for _, one in alone), Counter()) for name in VOCABULARIES}
    for X, unknown in together:
        assert np.array_equal(X, np.concatenate([one for one, _ in alone]))
        assert unknown == {name: count for name, count in counts.items() if count}
