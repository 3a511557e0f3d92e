"""One experiment from records to reports: its fits on validation, in which test records have no part."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.config.settings import Settings
from src.evaluation.verdicts import Verdicts
from src.features.reduction import Reduced
from src.models.classical.sklearn_models import SklearnModel
from src.models.interface import Fitted
from src.pipeline.experiment import Outcome, TrainingRecord, evaluate, train
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import Workspace

Compose = Callable[..., DictConfig]
SMALL = (
    "dataset=simulated",
    "dataset.records=3000",
    "dataset.test_records=1000",
    "model=random_forest",
    "model.n_estimators=20",
)
COST = "task.cost=[[0,1],[2,0]]"
POINT = ("decision.calibrate=true", "decision.false_alarm_budget=0.01", "decision.rule=least_cost", COST)


@pytest.fixture(scope="module")
def outputs(composed: Compose) -> StageOutputs:
    """Data of all experiments in this file."""
    made = StageOutputs(build(composed(*SMALL)), Workspace(Path("/nowhere")))
    _ = made.reduced
    return made


def settings(composed: Compose, *overrides: str) -> Settings:
    return build(composed(*SMALL, *overrides))


def test_the_seed_of_training_alone_changes_the_model(composed: Compose, outputs: StageOutputs) -> None:
    plain, same, other = (
        train(settings(composed, *one), outputs).detector.score(outputs.sampled.val.X)
        for one in ((), ("seed=0",), ("seeds.training=1",))
    )
    np.testing.assert_array_equal(plain, same)
    assert not np.array_equal(plain, other)


def record(outcome: Outcome) -> TrainingRecord:
    return TrainingRecord.of(outcome, "a run")


def test_the_operating_point_keeps_to_its_budget_on_validation(composed: Compose, outputs: StageOutputs) -> None:
    outcome = train(settings(composed, *POINT), outputs)
    decision, found = outcome.detector.decision, outcome.metrics
    assert decision.cost == ((0, 1), (2, 0))
    assert (found["val_temperature"], found["val_threshold"]) == (decision.temperature, decision.threshold)
    assert decision.temperature != 1
    assert found["val_false_alarm_rate"] <= 0.01
    val = outputs.sampled.val
    alarm = outcome.detector.verdict(outcome.detector.score(val.X)) != 0
    assert alarm[val.target == 0].mean() == found["val_false_alarm_rate"]
    assert alarm[val.target != 0].mean() == found["val_recall"]


@pytest.mark.parametrize("blocks", [(), ("split.distinct=true", "decision.false_alarm_blocks=3")])
def test_test_records_have_no_part_in_the_decision(
    blocks: tuple[str, ...], composed: Compose, outputs: StageOutputs
) -> None:
    wanted = settings(composed, *POINT, *blocks)
    reduced = outputs.reduced
    other = StageOutputs(wanted, Workspace(Path("/nowhere")))
    upside_down = Reduced(np.ascontiguousarray(-reduced.test.X[::-1]), 1 - reduced.test.y, reduced.test.attack)
    vars(other)["sampled"] = outputs.sampled
    vars(other)["reduced"] = replace(reduced, test=upside_down)
    one, changed = train(wanted, outputs), train(wanted, other)
    assert changed.detector.decision == one.detector.decision
    vars(other)["reduced"] = replace(reduced, test=None)  # type: ignore[arg-type]
    assert train(wanted, other).detector.decision == one.detector.decision


class Spy:
    """A forest that notes what it is fitted on, and says when it is one member of an ensemble."""

    reads_windows = False

    def __init__(self, model: SklearnModel, seen: list[np.ndarray], *, alone: bool = False):
        self._model, self._seen, self._alone = model, seen, alone

    @property
    def single(self) -> "Spy":
        return Spy(self._model, self._seen, alone=True)

    def fit(self, X: np.ndarray, y: np.ndarray, X_val: np.ndarray, *rest: object, **options: object) -> Fitted:
        assert self._alone == bool(self._seen)  # the ensemble first, then one member for each block
        self._seen.append(X)
        return self._model.fit(X, y, X_val, *rest, **options)  # type: ignore[arg-type]


def test_each_block_of_normal_traffic_is_scored_by_a_fit_that_did_not_see_it(composed: Compose) -> None:
    wanted = settings(
        composed, "split.distinct=true", "decision.false_alarm_budget=0.05", "decision.false_alarm_blocks=3"
    )
    seen: list[np.ndarray] = []
    wanted = replace(wanted, model=Spy(wanted.model, seen))
    outputs = StageOutputs(wanted, Workspace(Path("/nowhere")))
    outcome = train(wanted, outputs)
    everything, *without = seen
    part, table = outputs.reduced.train, outputs.sampled.train
    np.testing.assert_array_equal(everything, part.X)
    normal = np.flatnonzero(part.y == 0)
    blocks = np.array_split(normal[np.argsort(table.row[normal])], 3)
    assert len(without) == len(blocks)
    for fitted_on, block in zip(without, blocks, strict=True):
        np.testing.assert_array_equal(fitted_on, np.delete(part.X, block, axis=0))
    scored = []
    for block in blocks:
        rest = part.without(block)
        options = {"n_classes": 2, "training": wanted.training, "seed": wanted.seed}
        again = wanted.model.single.fit(rest.X, rest.y, part.X, part.y, **options).classifier
        scored.append(1 - again.predict_proba(part.X[block])[:, 0].astype(float))
    threshold = outcome.detector.decision.threshold
    assert threshold is not None
    alarms = [np.mean(one >= threshold) for one in scored]
    assert max(alarms) <= 0.05
    assert outcome.metrics["val_threshold"] == threshold


def test_a_decision_that_is_not_asked_for_is_not_fitted(composed: Compose, outputs: StageOutputs) -> None:
    outcome = train(settings(composed), outputs)
    decision = outcome.detector.decision
    assert (decision.temperature, decision.threshold, decision.cost) == (1, None, None)
    assert not {"val_temperature", "val_threshold", "val_mean_cost"} & set(outcome.metrics)
    assert "val_false_alarm_rate" in outcome.metrics


def test_costs_are_reported_wherever_a_task_has_them(composed: Compose, outputs: StageOutputs, tmp_path: Path) -> None:
    wanted = settings(composed, COST)
    outcome = train(wanted, outputs)
    assert outcome.detector.decision.cost is None  # most probable, as the default says
    found = evaluate(outcome.detector, outputs.sampled, wanted, record(outcome), Workspace(tmp_path)).metrics
    assert {"val_mean_cost", "test_mean_cost", "test_mean_cost_low", "test_ceiling_mean_cost"} <= set(found)


def test_each_test_part_has_its_metrics_and_its_reports(
    composed: Compose, outputs: StageOutputs, tmp_path: Path
) -> None:
    wanted = settings(composed)
    outcome = train(wanted, outputs)
    test = outputs.sampled.test
    half = test.take(np.arange(len(test) // 2))
    sampled = replace(outputs.sampled, tests={"test": test, "test_21": half})
    out = Workspace(tmp_path)
    result = evaluate(outcome.detector, sampled, wanted, record(outcome), out)
    found = result.metrics
    assert json.loads((out.reports / "metrics.json").read_text()) == found
    assert json.loads((out.reports / "timings.json").read_text()) == result.timings
    assert list(result.timings) == ["fit_seconds", "reduce_seconds", "evaluate_seconds"]
    assert not [name for name in found if "seconds" in name]
    assert list(result.assessments) == ["test", "test_21"]
    for name, table, folder in (
        ("test", test, out.reports),
        ("test_21", half, out.further_tests / "test_21"),
    ):
        kept = Verdicts.read(folder / f"{name}_verdicts.parquet")
        np.testing.assert_array_equal(kept.row, table.row)
        assert (kept.predicted == table.target).mean() == pytest.approx(found[f"{name}_accuracy"])
        assert pd.read_csv(folder / "leakage.csv")["records"][0] == len(table)
        assert {"confusion_matrix.png", "reliability.png", "reliability.csv", "attack_recall.csv", "metrics.json"} <= {
            path.name for path in folder.iterdir()
        }
    written = json.loads((out.further_tests / "test_21" / "metrics.json").read_text())
    assert set(written) == {name for name in found if name.startswith("test_21_")}
    assert {path.name for path in out.further_tests.iterdir()} == {"parts.json", "test_21"}
    assert json.loads((out.further_tests / "parts.json").read_text()) == ["test_21"]


def test_the_folder_of_further_tests_has_their_list_even_without_any(
    composed: Compose, outputs: StageOutputs, tmp_path: Path
) -> None:
    wanted = settings(composed, "evaluation.bootstrap=0")
    outcome = train(wanted, outputs)
    found = evaluate(outcome.detector, outputs.sampled, wanted, record(outcome), Workspace(tmp_path)).metrics
    (parts,) = Workspace(tmp_path).further_tests.iterdir()  # DVC warns of an output that is an empty folder
    assert json.loads(parts.read_text()) == []
    assert not [name for name in found if name.endswith(("_low", "_high"))]


def test_equal_runs_have_equal_numbers(composed: Compose, outputs: StageOutputs, tmp_path: Path) -> None:
    wanted = settings(composed, *POINT)
    outcome = train(wanted, outputs)
    one, two = (
        evaluate(outcome.detector, outputs.sampled, wanted, record(outcome), Workspace(tmp_path / name))
        for name in ("one", "two")
    )
    assert one.metrics == two.metrics
    for name in ("metrics.json", "test_verdicts.parquet", "reliability.png", "leakage.csv"):
        assert (tmp_path / "one/reports" / name).read_bytes() == (tmp_path / "two/reports" / name).read_bytes()


def test_a_budget_that_allows_no_alarm_at_all_ends_the_run(composed: Compose, outputs: StageOutputs) -> None:
    wanted = settings(composed, "decision.false_alarm_budget=0")
    stuck = replace(wanted, model=_AlwaysSure())
    with pytest.raises(ValueError, match=r"decision\.false_alarm_budget=0: found .* only a detector without any alarm"):
        train(stuck, outputs)


def test_the_median_of_an_even_number_of_epochs_lies_between_two(composed: Compose, outputs: StageOutputs) -> None:
    epochs = [{"epoch": number, "seconds": seconds} for number, seconds in enumerate((9.0, 1.0, 2.0, 4.0), 1)]
    outcome = train(replace(settings(composed), model=_AlwaysSure(epochs)), outputs)
    assert outcome.timings["epoch_seconds_median"] == 3.0


class _AlwaysSure:
    """Model that raises an alarm on every record."""

    def __init__(self, epochs: Sequence[dict[str, float]] = ()) -> None:
        self._epochs = list(epochs)

    def fit(self, X: np.ndarray, *arguments: object, **options: object) -> object:
        return Fitted(self, 0.0, self._epochs)  # type: ignore[arg-type]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.tile(np.array([[0, 1]], dtype=np.float32), (len(X), 1))
