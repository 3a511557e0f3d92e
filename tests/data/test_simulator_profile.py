"""The profile: what was counted on the real files, in cells of many records each."""

import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from src.data.sampling import NORMAL
from src.data.simulator import LEVELS, PROFILE, numeric_columns, read_profile
from src.data.simulator_profile import MIN_RECORDS, build_profile, measure, to_json
from tests.kdd import CATEGORIES, COLUMNS, FLAGS, PROTOCOLS, SERVICES

# Counted on the published files.
TRAIN_COUNTS = {
    "normal": 97_278, "smurf": 280_790, "neptune": 107_201, "back": 2_203, "satan": 1_589, "ipsweep": 1_247,
    "portsweep": 1_040, "warezclient": 1_020, "teardrop": 979, "pod": 264, "nmap": 231, "guess_passwd": 53,
    "buffer_overflow": 30, "land": 21, "warezmaster": 20, "imap": 12, "rootkit": 10, "loadmodule": 9, "ftp_write": 8,
    "multihop": 7, "phf": 4, "perl": 3, "spy": 2,
}  # fmt: skip
TEST_COUNTS_BY_CATEGORY = {"normal": 60_593, "probe": 4_166, "dos": 229_853, "u2r": 228, "r2l": 16_189}

parts = pytest.mark.parametrize("part", ["train", "test"])


def test_training_frequencies_are_the_published_ones() -> None:
    assert read_profile()["train"]["records"] == TRAIN_COUNTS
    assert sum(TRAIN_COUNTS.values()) == 494_021


@pytest.mark.parametrize("category", TEST_COUNTS_BY_CATEGORY)
def test_test_frequencies_by_category_are_the_published_ones(category: str) -> None:
    records = read_profile()["test"]["records"]
    labels = CATEGORIES.get(category, (NORMAL,))
    assert sum(records.get(label, 0) for label in labels) == TEST_COUNTS_BY_CATEGORY[category]


@parts
def test_cells_add_up_to_the_labels_and_have_many_records_each(part: str) -> None:
    profile = read_profile()[part]
    by_label: Counter[str] = Counter()
    for cell in profile["cells"]:
        assert sum(cell["records"].values()) >= MIN_RECORDS
        for kind, count in cell["records"].items():
            label, protocol, service, flag = kind.split(",")
            by_label[label] += count
            assert protocol in PROTOCOLS
            assert flag in FLAGS
            assert service in SERVICES or (part, service) == ("test", "icmp")
    assert by_label == profile["records"]


@parts
def test_percentiles_are_complete_ascending_and_within_bounds(part: str) -> None:
    upper = {"count": np.inf, "binary": 1, "rate": 100}
    for cell in read_profile()[part]["cells"]:
        for name, runs in cell["columns"].items():
            values, repeats = ([runs], [LEVELS]) if isinstance(runs, int) else (runs[0::2], runs[1::2])
            assert name in numeric_columns(COLUMNS)
            assert sum(repeats) == LEVELS
            assert 0 <= values[0] <= values[-1] <= upper[COLUMNS[name]]
            assert all(low < high for low, high in pairwise(values))


def test_the_committed_profile_is_small_and_in_its_own_form() -> None:
    text = PROFILE.read_text(encoding="utf-8")
    assert len(text) < 500_000
    assert to_json(json.loads(text)) == text


def write_records(path: Path, records: Sequence[tuple[str, Mapping[str, object]]]) -> Path:
    """Write a gz of records, each a label and the columns that are not 0."""
    symbols = {"protocol_type": "tcp", "service": "http", "flag": "SF"}
    rows = [[({**symbols, **values}).get(name, 0) for name in COLUMNS] + [f"{label}."] for label, values in records]
    path.write_bytes(gzip.compress("".join(",".join(map(str, row)) + "\n" for row in rows).encode()))
    return path


def test_a_cell_holds_percentiles_as_values_and_repeats(tmp_path: Path) -> None:
    records = [("back", {"duration": place, "src_bytes": 54540, "hot": place // 15}) for place in range(20)]
    profile = measure(write_records(tmp_path / "back.gz", records))
    duration = [number for place in range(20) for number in (place, 5)]  # 20 values share 100 percentiles
    columns = {"duration": duration, "src_bytes": 54540, "hot": [0, 75, 1, 25]}
    assert profile == {"records": {"back": 20}, "cells": [{"records": {"back,tcp,http,SF": 20}, "columns": columns}]}


def test_rare_kinds_are_pooled_by_type_and_rare_types_by_category(tmp_path: Path) -> None:
    records = [
        *[("normal", {})] * 200, *[("normal", {"service": "smtp"})] * 150, *[("normal", {"flag": "S1"})] * 3,
        *[("perl", {})] * 15, *[("loadmodule", {"service": "telnet"})] * 10,
    ]  # fmt: skip
    cells = measure(write_records(tmp_path / "mixed.gz", records))["cells"]
    assert [cell["records"] for cell in cells] == [
        {"normal,tcp,http,SF": 200},
        {"normal,tcp,http,S1": 3, "normal,tcp,smtp,SF": 150},  # 3 alone would be too few
        {"loadmodule,tcp,telnet,SF": 10, "perl,tcp,http,SF": 15},
    ]


@pytest.mark.parametrize(("half", "cells"), [(499, 1), (500, 2)])
def test_a_large_group_is_halved_where_its_traffic_differs(half: int, cells: int, tmp_path: Path) -> None:
    records = [("normal", {"serror_rate": rate}) for rate in ("0.00", "1.00") for _ in range(half)]
    profile = measure(write_records(tmp_path / "halves.gz", records))
    columns = [{"serror_rate": [0, 50, 100, 50]}] if cells == 1 else [{}, {"serror_rate": 100}]
    assert [cell["columns"] for cell in profile["cells"]] == columns


@pytest.mark.real_data
def test_the_real_files_give_the_committed_profile(mirror: Path) -> None:
    assert to_json(build_profile(mirror)) == PROFILE.read_text(encoding="utf-8")
