"""Layouts that read the records before one: these come from the whole file, whatever part they are in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig
from sklearn.pipeline import Pipeline

from src.config.build import build
from src.config.settings import Settings
from src.data.history import History
from src.data.layout import Layout, Windows
from src.data.schema import FEATURES
from src.data.tables import Table
from src.features.reduction import Reduced, prepare
from src.pipeline.stage_data import EncodedFile, ReducedParts, SampledParts
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import Workspace

WINDOW = 3
LINES = np.array([1, 2, 4, 5, 6, 7, 9, 10])  # 3 and 8 were malformed and are left out
TRAIN, VAL = np.array([5, 0, 3, 6]), np.array([4, 1])  # index in the file; 2 and 7 are in no part


@pytest.fixture(scope="module")
def settings(composed: Callable[..., DictConfig]) -> Settings:
    """All features of windows of three records; the test is a file of its own."""
    return replace(build(composed("reducer=none", "split=official")), layout=Layout("window", WINDOW))


def make_table(n: int, row: np.ndarray, seed: int) -> Table:
    """Encoded records without meaning."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 60, (n, 53)).astype(np.float32)
    return Table(X, np.zeros(n, dtype=np.int32), ("normal",), row)


@pytest.fixture(scope="module")
def outputs(settings: Settings) -> StageOutputs:
    """Outputs with a training file of eight records and a test of five."""
    source, test = make_table(8, LINES, seed=0), make_table(5, np.arange(1, 6), seed=1)
    source.X[2] = 1000
    for table in (source, test):
        table.X[:, FEATURES.index("service")] %= 2
    outputs = StageOutputs(settings, Workspace(Path("/nowhere")))
    parts = {
        "train": source.take(TRAIN).labeled(np.array([0, 1, 0, 1], dtype=np.int32)),
        "val": source.take(VAL).labeled(np.array([0, 1], dtype=np.int32)),
        "test": test.labeled(np.zeros(5, dtype=np.int32)),
    }
    facts = {"records": {name: len(part) for name, part in parts.items()}}
    vars(outputs)["training_file"] = EncodedFile(source, {})
    vars(outputs)["sampled"] = SampledParts.from_tables(parts, facts)
    return outputs


def parts_of(reduced: ReducedParts) -> tuple[dict[str, Reduced], Pipeline]:
    return reduced.by_name(), reduced.preparation


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_the_windows_of_a_part_are_gathered_from_the_whole_file(part: str, outputs: StageOutputs) -> None:
    parts, preparation = parts_of(outputs.reduced)
    source = outputs.training_file.table.X if part != "test" else outputs.sampled.test.X
    rows = prepare(preparation, source)
    newest = {"train": TRAIN, "val": VAL, "test": np.arange(5)}[part]
    expected = [[rows[max(0, place - back)] for back in (2, 1, 0)] for place in newest]
    found = parts[part].X
    assert isinstance(found, Windows)
    np.testing.assert_array_equal(np.asarray(found), expected)
    np.testing.assert_array_equal(parts[part].y, outputs.sampled.by_name()[part].target)


def test_the_windows_of_training_by_hand(outputs: StageOutputs) -> None:
    parts, _ = parts_of(outputs.reduced)
    windows = parts["train"].X
    assert isinstance(windows, Windows)
    # lines: 7 after 6 and 5; 1 alone, repeated; 5 after 4 and 2; 9 after 7 and 6
    assert LINES[windows.places].tolist() == [[5, 6, 7], [1, 1, 1], [2, 4, 5], [6, 7, 9]]


def test_scaling_and_reducer_are_fitted_on_the_training_part_alone(outputs: StageOutputs) -> None:
    preparation = outputs.reduced.preparation
    train = outputs.sampled.train.X
    np.testing.assert_array_equal(preparation["scale"].minmax_.data_max_, train.max(axis=0))
    assert train.max() < outputs.training_file.table.X.max()


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_the_history_of_a_part_is_counted_in_the_whole_file(
    part: str, settings: Settings, outputs: StageOutputs
) -> None:
    reads_history = StageOutputs(replace(settings, layout=Layout("history", 1, [2, 5])), Workspace(Path("/nowhere")))
    vars(reads_history).update({name: vars(outputs)[name] for name in ("training_file", "sampled")})
    parts, preparation = parts_of(reads_history.reduced)
    file = outputs.training_file.table.X if part != "test" else outputs.sampled.test.X
    places = {"train": TRAIN, "val": VAL, "test": np.arange(5)}[part]
    found = parts[part].X
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found[:, :53], prepare(preparation, outputs.sampled.by_name()[part].X))
    np.testing.assert_array_equal(found[:, 53:], History([2, 5])(file)[places])
    assert file[0, FEATURES.index("service")] in file[1:, FEATURES.index("service")]  # there is something to count
    assert found[:, 53:].any()


def test_both_parts_share_the_records_of_the_file(outputs: StageOutputs) -> None:
    parts, _ = parts_of(outputs.reduced)
    assert parts["train"].X.rows is parts["val"].X.rows  # type: ignore[union-attr]
