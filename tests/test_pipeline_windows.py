"""The walk where a model reads what came before: these are the records of the file, whatever part they are in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.config.settings import Settings
from src.data.history import History
from src.data.layout import Layout, Windows
from src.data.schema import FEATURES
from src.data.tables import Table
from src.features.reduction import prepare
from src.pipeline.stages import Walk
from src.utils.paths import Workspace

WINDOW = 3
LINES = np.array([1, 2, 4, 5, 6, 7, 9, 10])  # 3 and 8 were malformed, and left out
TRAIN, VAL = np.array([5, 0, 3, 6]), np.array([4, 1])  # places in the file; 2 and 7 are in no part


@pytest.fixture(scope="module")
def settings(composed: Callable[..., DictConfig]) -> Settings:
    """All features of windows of three records."""
    return replace(build(composed("reducer=none")), layout=Layout("window", WINDOW))


def make_table(n: int, row: np.ndarray, seed: int) -> Table:
    """Encoded records without meaning."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 60, (n, 53)).astype(np.float32)
    return Table(X, np.zeros(n, dtype=np.int32), ("normal",), row)


@pytest.fixture(scope="module")
def walk(settings: Settings) -> Walk:
    """A walk that has a training file of eight records and a test of five."""
    source, test = make_table(8, LINES, seed=0), make_table(5, np.arange(1, 6), seed=1)
    source.X[2] = 1000
    for table in (source, test):
        table.X[:, FEATURES.index("service")] %= 2
    walk = Walk(settings, Workspace(Path("/nowhere")))
    parts = {
        "train": source.take(TRAIN, np.array([0, 1, 0, 1], dtype=np.int32)),
        "val": source.take(VAL, np.array([0, 1], dtype=np.int32)),
        "test": test.take(np.arange(5), np.zeros(5, dtype=np.int32)),
    }
    walk.__dict__["preprocessed"] = source, {}
    walk.__dict__["sampled"] = parts, {"records": {name: len(part) for name, part in parts.items()}}
    return walk


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_the_windows_of_a_part_are_gathered_from_the_whole_file(part: str, walk: Walk) -> None:
    parts, pipeline, _ = walk.reduced
    source = walk.preprocessed[0].X if part != "test" else walk.sampled[0]["test"].X
    rows = prepare(pipeline, source)
    newest = {"train": TRAIN, "val": VAL, "test": np.arange(5)}[part]
    expected = [[rows[max(0, place - back)] for back in (2, 1, 0)] for place in newest]
    found = parts[part].X
    assert isinstance(found, Windows)
    np.testing.assert_array_equal(np.asarray(found), expected)
    np.testing.assert_array_equal(parts[part].y, walk.sampled[0][part].target)


def test_the_windows_of_training_by_hand(walk: Walk) -> None:
    parts, _, _ = walk.reduced
    windows = parts["train"].X
    assert isinstance(windows, Windows)
    # lines: 7 after 6 and 5; 1 alone, repeated; 5 after 4 and 2; 9 after 7 and 6
    assert LINES[windows.places].tolist() == [[5, 6, 7], [1, 1, 1], [2, 4, 5], [6, 7, 9]]


def test_scaling_and_reducer_are_fitted_on_the_training_part_alone(walk: Walk) -> None:
    _, pipeline, _ = walk.reduced
    train = walk.sampled[0]["train"].X
    np.testing.assert_array_equal(pipeline["scale"].minmax_.data_max_, train.max(axis=0))
    assert train.max() < walk.preprocessed[0].X.max()


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_the_past_of_a_part_is_counted_in_the_whole_file(part: str, settings: Settings, walk: Walk) -> None:
    reads_history = Walk(replace(settings, layout=Layout("history", 1, [2, 5])), Workspace(Path("/nowhere")))
    reads_history.__dict__ |= {name: walk.__dict__[name] for name in ("preprocessed", "sampled")}
    parts, pipeline, _ = reads_history.reduced
    file = walk.preprocessed[0].X if part != "test" else walk.sampled[0]["test"].X
    places = {"train": TRAIN, "val": VAL, "test": np.arange(5)}[part]
    found = parts[part].X
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found[:, :53], prepare(pipeline, walk.sampled[0][part].X))
    np.testing.assert_array_equal(found[:, 53:], History([2, 5])(file)[places])
    assert file[0, FEATURES.index("service")] in file[1:, FEATURES.index("service")]  # there is something to count
    assert found[:, 53:].any()


def test_both_parts_share_the_records_of_the_file(walk: Walk) -> None:
    parts, _, _ = walk.reduced
    assert parts["train"].X.rows is parts["val"].X.rows  # type: ignore[union-attr]
