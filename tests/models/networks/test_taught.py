"""A network and its teacher: the lessons, the agreement, and a whole detector."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.detector.detector import Detector
from src.models.classical.classifier import ClassicalClassifier
from src.models.classical.sklearn_models import SklearnModel
from src.models.interface import Fitted
from src.models.networks import lessons
from src.models.networks.drawn_rows import DrawnRows
from src.models.networks.lessons import Lesson, agreement, digest
from src.models.networks.mixing import Mixture
from src.models.networks.taught import Taught, Teaching
from src.pipeline.experiment import train
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import Workspace
from tests.kdd import COLUMNS, example_records
from tests.models.conftest import make_lstm
from tests.models.small import weights

GROUPS = np.array([0, 1, 1])
POOL = np.random.default_rng(0).random((50, 3), dtype=np.float32)


class Half:
    """Estimator whose P(class 1) is half the first column."""

    classes_ = np.array([0, 1])

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.stack([1 - X[:, 0] / 2, X[:, 0] / 2], axis=1)


def make_lesson(**changes: Any) -> Lesson:
    values: dict[str, Any] = {
        "teacher": ClassicalClassifier(Half(), 2),
        "pool": POOL,
        "mixture": Mixture(0.3, 0.3, 0.4),
        "groups": GROUPS,
        "rows_per_epoch": 40,
        "hard": False,
        "seed": (7, 5),
    }
    return Lesson(**(values | changes))


def make_taught(**changes: Any) -> Taught:
    values: dict[str, Any] = {
        "model": {},
        "records_per_epoch": 64,
        "mixed_by_column": 0.3,
        "mixed_by_group": 0.3,
        "group_chance": 0.4,
        "targets": "probabilities",
    }
    tree = SklearnModel("sklearn.ensemble.ExtraTreesClassifier", n_estimators=5)
    made = Teaching(**(values | changes)).teach(make_lstm(form="rank_logarithm"), tree)
    assert isinstance(made, Taught)
    return made


# --- lessons ---------------------------------------------------------------------------------------------------------


def test_targets_are_the_probabilities_that_the_teacher_gives_to_the_mixed_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lessons, "SCORED", 16)  # three batches for the cores
    X, target = make_lesson().draw(0)
    np.testing.assert_allclose(target[:, 1], X[:, 0] / 2, rtol=1e-6)
    assert target.dtype == np.float32
    X, classes = make_lesson(hard=True, pool=2 * POOL).draw(0)
    assert classes.dtype == np.int32
    np.testing.assert_array_equal(classes, X[:, 0] > 1)


def test_each_epoch_has_other_records_and_a_seed_has_the_same() -> None:
    first, again, second = (make_lesson().draw(epoch)[0] for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()
    assert (make_lesson(seed=(8, 5)).draw(0)[0] != first).any()


def test_an_epoch_is_whole_batches_that_are_drawn_once() -> None:
    epochs: list[int] = []

    def draw(epoch: int) -> tuple[np.ndarray, np.ndarray]:
        epochs.append(epoch)
        return POOL[:10] + epoch, np.arange(10)

    rows: Any = DrawnRows(SimpleNamespace(rows_per_epoch=10, draw=draw), 4)  # type: ignore[arg-type]
    assert len(rows) == 3
    targets = [rows[number][1].tolist() for number in range(3)]
    assert targets == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1]]
    rows.on_epoch_end()
    assert rows[1][0].shape == (4, 3, 1)
    np.testing.assert_array_equal(rows[1][0][..., 0], POOL[4:8] + 1)
    rows.on_epoch_end()  # also after the last epoch, whose records nobody reads
    assert epochs == [0, 1]


def test_agreement_is_the_share_of_equal_classes_and_the_mean_difference_of_the_attack_probability() -> None:
    student = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.3, 0.1, 0.6], [0.6, 0.4, 0.0]])
    teacher = np.array([[0.6, 0.4, 0.0], [0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [0.6, 0.0, 0.4]])
    found = agreement(student, teacher)
    assert found["agreement"] == 0.75
    assert found["difference"] == pytest.approx((0.3 + 0 + 0.2 + 0) / 4)


def test_a_teacher_adds_its_trees_in_order() -> None:
    """On several cores the order of a forest's sums is that in which its trees are done."""
    forest = SklearnModel("sklearn.ensemble.ExtraTreesClassifier", n_estimators=5).make_estimator(0)
    assert forest.get_params()["n_jobs"] == -1
    assert ClassicalClassifier(forest, 2).on_one_core()._estimator.get_params()["n_jobs"] == 1
    assert forest.get_params()["n_jobs"] == -1
    ClassicalClassifier(SklearnModel("sklearn.naive_bayes.GaussianNB").make_estimator(0), 2).on_one_core()


def test_one_member_has_the_same_teacher() -> None:
    model = make_taught()
    assert model.single.teacher is model.teacher
    assert model.max_classes is None


# --- fits ------------------------------------------------------------------------------------------------------------


@pytest.mark.integration
def test_the_same_seed_gives_the_same_student_and_the_same_teacher(fit: Callable[..., Fitted]) -> None:
    model = make_taught()
    rows = POOL, (POOL[:, 0] > 0.5).astype(np.int32)
    one, again, other = (fit(model, rows, steps=GROUPS, seed=seed) for seed in (0, 0, 1))
    for first, second in zip(weights(one), weights(again), strict=True):
        np.testing.assert_array_equal(first, second)
    assert one.scores == again.scores
    assert one.facts["teacher_sha256"] == again.facts["teacher_sha256"] != other.facts["teacher_sha256"]
    with pytest.raises(ValueError, match="max_rows_per_attack_type=5: found no attack types"):
        fit(model, rows, steps=GROUPS, max_rows_per_attack_type=5)


@pytest.mark.integration
def test_a_taught_detector_scores_raw_records_and_names_its_teacher(
    composed: Callable[..., DictConfig], tmp_path: Path
) -> None:
    settings = build(
        composed(
            "+experiment=generalization/taught", "task=binary", "dataset=simulated", "dataset.records=3000",
            "dataset.test_records=1000", "decision.rule=most_probable", "model.units=8", "model.dense=8",
            "training.epochs=2", "training.batch_size=64", "training.progress=false",
            "training.teacher.records_per_epoch=2000", "training.teacher.model.n_estimators=10",
            "training.max_rows_per_attack_type=300",
        )
    )  # fmt: skip
    outcome = train(settings, StageOutputs(settings, Workspace(Path("/nowhere"))))
    assert outcome.metrics["teacher_agreement_held_out"] > 0.8
    names = {f"teacher_{score}_{part}" for score in ("agreement", "difference") for part in ("mixed", "held_out")}
    assert names <= outcome.metrics.keys()
    outcome.detector.save(tmp_path / "detector")
    card = json.loads((tmp_path / "detector" / "detector.json").read_text())
    assert card["teacher"]["config"]["model"]["n_estimators"] == 10
    assert card["teacher"]["sha256"] == outcome.facts["derived.teacher_sha256"]
    # the student alone is kept
    assert sorted(path.name for path in (tmp_path / "detector" / "model").iterdir()) == ["model.json", "network.keras"]
    symbols = {name: "category" for name, kind in COLUMNS.items() if kind == "category"}
    columns = pa.Table.from_pandas(example_records().astype(symbols)).select(list(COLUMNS))
    again = Detector.load(tmp_path / "detector")
    assert again.card.teacher == outcome.detector.card.teacher
    expected = outcome.detector.predict_proba(columns)
    np.testing.assert_array_equal(again.predict_proba(columns), expected)
    assert np.isfinite(expected).all()


@pytest.mark.integration
def test_the_digest_of_a_teacher_is_that_of_its_file(tmp_path: Path) -> None:
    tree = SklearnModel("sklearn.tree.DecisionTreeClassifier").make_estimator(0).fit(POOL, POOL[:, 0] > 0.5)
    model = ClassicalClassifier(tree, 2)
    model.save(tmp_path)
    assert digest(model) == sha256((tmp_path / "estimator.skops").read_bytes()).hexdigest()
