"""Preparation: scaling and reducer as one object that is saved and loaded, and the two tables of it."""

from collections.abc import Callable
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from omegaconf import DictConfig, OmegaConf
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from src.data.duplicates import vector_ids
from src.data.layout import Windows
from src.data.sampling import Task, draw
from src.data.splitting import Split
from src.data.tables import Table
from src.features.preprocessing import Findings
from src.features.projection import Autoencoder, KernelComponents, LinearDiscriminants, RandomProjection
from src.features.reducers import AllFeatures, MutualInformation, PrincipalComponents, Reducer
from src.features.reduction import (
    Reduced,
    explained_variance,
    fit_preparation,
    load_preparation,
    load_reduced,
    mutual_information_ranking,
    prepare,
    save_preparation,
    save_reduced,
)
from src.features.scaling import Scaling
from src.features.selection import Anova, ChiSquared, ForestImportance, MinimumRedundancy, RecursiveElimination
from tests.kdd import FEATURES, KDD, SERVICES

reducers = pytest.mark.parametrize(
    "reducer",
    [
        AllFeatures(k=53),
        PrincipalComponents(k=2),
        MutualInformation(k=4),
        MutualInformation(k=4, estimator="knn", random_state=0),
        Anova(k=4),
        ChiSquared(k=4),
        MinimumRedundancy(k=4),
        ForestImportance(k=4, n_estimators=5, random_state=0),
        RecursiveElimination(k=4, random_state=0),
        LinearDiscriminants(k=1),
        KernelComponents(k=2, random_state=0),
        RandomProjection(k=2, random_state=0),
        Autoencoder(k=2, epochs=2, random_state=0),
    ],
    ids=[
        "none",
        "pca",
        "mi",
        "mi-knn",
        "anova",
        "chi2",
        "mrmr",
        "forest_importance",
        "rfe",
        "lda",
        "kernel_pca",
        "random_projection",
        "autoencoder",
    ],
)


@pytest.fixture
def flows() -> tuple[np.ndarray, np.ndarray]:
    """120 records of 53 features on different scales, some of them constant, and two classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 120).astype(np.int32)
    X = rng.normal(size=(120, 53)) * np.logspace(-2, 6, 53) + y[:, None]
    X[:, 10:15] = 0
    return X.astype(np.float32), y


# The pipeline


def test_features_are_scaled_to_the_range_of_the_training_part(flows: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = flows
    pipeline, seconds = fit_preparation(AllFeatures(k=53), X[:100], y[:100])
    scaled = prepare(pipeline, X[:100])
    varied = [place for place in range(53) if not 10 <= place < 15]
    assert scaled.min(axis=0) == pytest.approx(np.zeros(53), abs=1e-6)
    assert scaled.max(axis=0)[varied] == pytest.approx(np.ones(48), abs=1e-6)
    outside = 2 * X[:100].max(axis=0, keepdims=True) - X[:100].min(axis=0, keepdims=True)  # one range above the top
    assert prepare(pipeline, outside)[0, varied] == pytest.approx(np.full(48, 2), rel=1e-4)
    assert seconds > 0


@reducers
def test_what_a_model_reads_has_k_columns_and_depends_on_each_record_alone(
    reducer: Reducer, flows: tuple[np.ndarray, np.ndarray]
) -> None:
    X, y = flows
    pipeline, _ = fit_preparation(reducer, X, y)
    prepared = prepare(pipeline, X)
    assert (prepared.shape, prepared.dtype) == ((120, reducer.k), np.float32)
    assert prepared.flags.c_contiguous
    bound = 1e-5 if isinstance(reducer, LinearDiscriminants) else 1e-6  # its values reach 100: float32 ends at 8e-6
    assert prepare(pipeline, X[7:9]) == pytest.approx(prepared[7:9], abs=bound)


def test_the_given_reducer_stays_unfitted(flows: tuple[np.ndarray, np.ndarray]) -> None:
    reducer = PrincipalComponents(k=2)
    fit_preparation(reducer, *flows)
    assert not hasattr(reducer, "pca_")


# Keeping it


@reducers
def test_a_loaded_pipeline_gives_identical_output(
    reducer: Reducer, flows: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    pipeline, _ = fit_preparation(reducer, *flows)
    save_preparation(pipeline, tmp_path / "new" / "preparation.skops")
    loaded = load_preparation(tmp_path / "new" / "preparation.skops")
    assert np.array_equal(prepare(loaded, flows[0]), prepare(pipeline, flows[0]))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["preparation.skops"]


@reducers
def test_equal_fits_are_saved_as_equal_bytes(
    reducer: Reducer, flows: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    """Otherwise `train` would run again after each repeated `reduce`."""
    pipelines = [fit_preparation(reducer, *flows)[0] for _ in range(2)]  # both in memory: at different addresses
    for name, pipeline in zip("ab", pipelines, strict=True):
        save_preparation(pipeline, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("one_hot_service", [False, True])
@pytest.mark.parametrize("name", ["minmax", "log_minmax"])
def test_every_scaling_is_saved_with_its_reducer(name: Any, one_hot_service: bool, tmp_path: Path) -> None:
    scaling = Scaling(name, clip=True, one_hot_service=one_hot_service)
    X = np.random.default_rng(0).integers(0, 71, (200, 53)).astype(np.float32)
    reducer = AllFeatures(k=len(scaling.features(KDD)))
    pipeline, _ = fit_preparation(reducer, X, np.zeros(200, dtype=np.int32), scaling.scaler(KDD))
    prepared = prepare(pipeline, X)
    assert (prepared.shape, prepared.dtype) == ((200, len(scaling.features(KDD))), np.float32)
    assert (prepared.min(), prepared.max()) == (0, pytest.approx(1))
    save_preparation(pipeline, tmp_path / "preparation.skops")
    assert np.array_equal(prepare(load_preparation(tmp_path / "preparation.skops"), X), prepared)


def test_by_default_the_pipeline_scales_as_scikit_learn_does(flows: tuple[np.ndarray, np.ndarray]) -> None:
    pipeline, _ = fit_preparation(PrincipalComponents(k=2), *flows)
    plain = Pipeline([("scale", MinMaxScaler()), ("reduce", PrincipalComponents(k=2))]).fit(*flows)
    assert np.array_equal(pipeline.transform(flows[0]), plain.transform(flows[0]))


def test_a_part_of_records_or_of_windows_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    rows, y = np.arange(8, dtype=np.float32).reshape(4, 2), np.array([1, 0], dtype=np.int32)
    attack = np.array([5, 0], dtype=np.int32)
    save_reduced(Reduced(rows[:2], y, attack), tmp_path / "record.npz")
    record = load_reduced(tmp_path / "record.npz")
    assert isinstance(record.X, np.ndarray)
    assert (record.X.tolist(), record.y.tolist(), record.attack.tolist()) == ([[0, 1], [2, 3]], [1, 0], [5, 0])
    windows = Windows(rows, np.array([3, 1]), 2)
    save_reduced(Reduced(windows, y, attack), tmp_path / "window.npz")
    again = load_reduced(tmp_path / "window.npz")
    assert isinstance(again.X, Windows)
    assert np.array_equal(np.asarray(again.X), np.asarray(windows))
    assert (again.y.tolist(), again.attack.tolist()) == ([1, 0], [5, 0])
    assert again.attack.dtype == np.int32


def touch(X: np.ndarray) -> np.ndarray:
    return X


@pytest.mark.parametrize("place", ["beside", "inside"])
def test_a_file_with_a_foreign_type_is_refused(
    place: str, flows: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    path = tmp_path / "preparation.skops"
    pipeline, _ = fit_preparation(PrincipalComponents(k=2), *flows)
    if place == "beside":
        pipeline = Pipeline([*pipeline.steps, ("foreign", FunctionTransformer(touch))])
    else:
        pipeline["reduce"].pca_ = FunctionTransformer(touch)
    skops.io.dump(pipeline, path)
    with pytest.raises(ValueError, match=r"Untrusted types found in the file: .*touch"):
        load_preparation(path)


def test_a_file_with_no_pipeline_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "preparation.skops"
    skops.io.dump(MinMaxScaler(), path)
    with pytest.raises(ValueError, match=r"preparation\.skops: found a MinMaxScaler, expected a fitted Pipeline"):
        load_preparation(path)


# The tables


def test_explained_variance_is_that_of_the_scaled_columns() -> None:
    # uncorrelated; scaled to [0, 1] their variances are 1/4 and 1/8
    X = np.array([[a, b] for a in (0, 9) for b in (-500, 0, 0, 500)], dtype=np.float32)
    table = explained_variance(X)
    assert table.columns.tolist() == ["component", "ratio", "cumulative"]
    assert table.component.tolist() == [1, 2]
    assert table.ratio.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert table.cumulative.tolist() == pytest.approx([2 / 3, 1])


def test_explained_variance_falls_and_adds_up_to_one(flows: tuple[np.ndarray, np.ndarray]) -> None:
    table = explained_variance(flows[0])
    assert len(table) == 53
    assert (np.diff(table.ratio) <= 1e-12).all()
    assert table.cumulative.iloc[-1] == pytest.approx(1)
    assert table.cumulative.max() <= 1


def test_the_ranking_names_features_by_place_and_score() -> None:
    y = np.repeat(np.array([0, 1], dtype=np.int32), 4)
    X = np.zeros((8, 53), dtype=np.float32)
    X[:, 20] = y * 7  # ln 2
    X[:, 2] = [0, 0, 0, 1, 1, 1, 1, 0]
    table = mutual_information_ranking(X, y, FEATURES)
    assert table.columns.tolist() == ["rank", "feature", "position", "score"]
    assert table["rank"].tolist() == list(range(1, 54))
    assert table.feature.tolist()[:3] == ["count", "src_bytes", "duration"]
    assert table.position.tolist() == [21, 3, *(place for place in range(1, 54) if place not in (3, 21))]
    assert table.score.tolist() == pytest.approx([log(2), 0.75 * log(1.5) - 0.25 * log(2), *[0] * 51], abs=1e-12)
    assert [FEATURES[place - 1] for place in table.position] == table.feature.tolist()


def test_the_tables_follow_the_scaling() -> None:
    scaling = Scaling("log_minmax", clip=True, one_hot_service=True)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500).astype(np.int32)
    X = np.zeros((500, 53), dtype=np.float32)
    X[:, FEATURES.index("service")] = 10 * y  # one service is all the attacks'
    X[:, FEATURES.index("src_bytes")] = [0, 999] * 250
    ranking = mutual_information_ranking(scaling.unscaled(X, KDD), y, scaling.features(KDD))
    assert len(ranking) == 123
    indicators = [f"service_{SERVICES[0]}", f"service_{SERVICES[10]}"]
    assert sorted(ranking.feature.tolist()[:2]) == sorted(indicators)
    assert sorted(ranking.position.tolist()[:2]) == [53, 63]
    assert [scaling.features(KDD)[place - 1] for place in ranking.position] == ranking.feature.tolist()
    variance = explained_variance(X, scaling.scaler(KDD))
    assert len(variance) == 123
    p = y.mean()  # variances p (1 - p) of both indicators, of one bit together, and 1/4 of the other column
    assert variance.ratio.tolist()[0] == pytest.approx(2 * p * (1 - p) / (2 * p * (1 - p) + 1 / 4), abs=0.01)


# On the real records


@pytest.fixture(scope="module")
def paper_set(real_train: tuple[Table, Findings], composed: Callable[..., DictConfig]) -> tuple[np.ndarray, np.ndarray]:
    """The training part of the default experiment."""
    cfg = composed()
    node: Any = OmegaConf.to_container(cfg, resolve=True)
    task, split = (
        kind(**{key: value for key, value in node[group].items() if key != "_target_"})
        for kind, group in ((Task, "task"), (Split, "split"))
    )
    assert (task.name, split.name, cfg.seed) == ("binary", "random", 0)
    table, _ = real_train
    index, target, found = draw(table, task, cfg.seed)
    assert found["normal"] == {"available": 97_278, "drawn": 100_000, "drawn_again": 2_722}
    places = split.divide(vector_ids(table.X, index), target, cfg.seed)
    assert {part: len(place) for part, place in places.items()} == {"train": 120_089, "val": 40_029, "test": 40_030}
    return table.take(index[places["train"]]).X, target[places["train"]]


@pytest.mark.real_data
def test_the_most_informative_features_are_the_papers_ten(paper_set: tuple[np.ndarray, np.ndarray]) -> None:
    table = mutual_information_ranking(*paper_set, FEATURES)
    assert table.position.tolist()[:10] == [21, 3, 2, 4, 22, 34, 10, 40, 30, 35]


@pytest.mark.real_data
def test_two_and_three_components_explain_as_much_as_in_the_paper(paper_set: tuple[np.ndarray, np.ndarray]) -> None:
    cumulative = explained_variance(paper_set[0]).cumulative
    assert cumulative[1] == pytest.approx(0.714, abs=0.01)
    assert cumulative[2] == pytest.approx(0.822, abs=0.01)
