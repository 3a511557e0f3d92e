"""Products of config choices, from records to a detector that scores."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.data.layout import Layout
from src.data.schema import LABELS
from src.detector.detector import Detector
from src.pipeline.experiment import train
from src.pipeline.stage_outputs import StageOutputs
from src.pipeline.stages import write_preprocessed, write_reduced, write_sampled
from src.utils.paths import Workspace
from tests.choices import NEEDS, options

Compose = Callable[..., DictConfig]
SMALL = ("dataset=simulated", "dataset.records=2000", "dataset.test_records=1000")
RARE = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=2000")  # enough for every class of `five`
QUICK = ("training.epochs=4", "training.batch_size=32", "training.jit_compile=false", "training.progress=false")


@pytest.fixture(scope="module")
def made(composed: Compose, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """2,000 simulated records, preprocessed and sampled with the default config."""
    out = Workspace(tmp_path_factory.mktemp("made"))
    settings = build(composed(*SMALL))
    write_preprocessed(settings, out, out)
    write_sampled(settings, out, out)
    return out


def assert_learned(composed: Compose, made: Workspace, model: str, reducer: str, **training: str) -> None:
    """Assert that the model learns the reduced records, and that its detector scores records."""
    overrides = [f"training.{key}={value}" for key, value in training.items()]
    settings = build(composed(*SMALL, *QUICK, *overrides, f"model={model}", f"reducer={reducer}"))
    outputs = StageOutputs(settings, made)
    outcome = train(settings, outputs)
    test = outputs.sampled.test
    probability = outcome.detector.score(test.X)
    assert probability.shape == (len(test), 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)
    assert (outcome.detector.card.model, outcome.detector.card.reducer) == (model, reducer)
    assert outcome.metrics["train_accuracy"] > 0.9  # half of them are attacks


@pytest.mark.parametrize("reducer", options("reducer"))
def test_every_reducer_is_learned_from_by_a_tree(reducer: str, composed: Compose, made: Workspace) -> None:
    assert_learned(composed, made, "decision_tree", reducer)


@pytest.mark.integration
@pytest.mark.parametrize("reducer", [one for one in options("reducer") if one != "pca"])
def test_every_reducer_is_learned_from_by_a_network(reducer: str, composed: Compose, made: Workspace) -> None:
    longer = {"epochs": "10"} if reducer == "none" else {}  # 53 steps
    assert_learned(composed, made, "lstm", reducer, **longer)


@pytest.mark.integration
@pytest.mark.parametrize("model", options("model"))
def test_every_model_is_learned_and_scores_records(model: str, composed: Compose, made: Workspace) -> None:
    longer = {"epochs": "20"} if model in ("stl", "dbn") else {}  # layers of sigmoids
    assert_learned(composed, made, model, "pca", **longer)


@pytest.mark.parametrize("one_hot_service", [False, True])
@pytest.mark.parametrize("scaling", options("scaling"))
def test_every_scaling_is_learned_and_scored(
    scaling: str, one_hot_service: bool, composed: Compose, made: Workspace
) -> None:
    choices = (f"scaling={scaling}", f"scaling.one_hot_service={str(one_hot_service).lower()}")
    settings = build(composed(*SMALL, *choices, "k=20", "model=decision_tree"))
    outputs = StageOutputs(settings, made)
    outcome = train(settings, outputs)
    assert outcome.metrics["val_accuracy"] > 0.9
    assert outcome.detector.card.scaling == scaling
    assert outcome.detector.score(outputs.sampled.test.X).shape[1] == 2


@pytest.mark.integration
@pytest.mark.parametrize("layout", options("layout"))
def test_every_layout_is_learned_and_scored(layout: str, composed: Compose, made: Workspace) -> None:
    needs = NEEDS.get(f"layout={layout}", "").split(",")[1:]
    settings = build(
        composed(*SMALL, *QUICK, f"layout={layout}", *{*needs, "split=official"}, "model.fourier.n_frequencies=4")
    )
    outputs = StageOutputs(settings, made)
    outcome = train(settings, outputs)
    assert outcome.metrics["val_accuracy"] > 0.8
    assert Layout(layout, outcome.detector.card.window, [*outcome.detector.card.history]) == settings.layout  # type: ignore[arg-type]
    test = outputs.reduced.test
    probability = outcome.detector.score(outputs.sampled.test.X)
    np.testing.assert_allclose(probability, outcome.fitted.classifier.predict_proba(test.X), atol=1e-5)


@pytest.mark.integration
def test_a_detector_that_reads_by_groups_is_kept_and_scores_alike(
    composed: Compose, made: Workspace, tmp_path: Path
) -> None:
    choices = ("layout=groups", "reducer=none", "k=123", "scaling=log_minmax", "scaling.one_hot_service=true")
    training = (
        "model.fourier.n_frequencies=0",
        "model.standardize=false",
        "training.type_balance=0.5",
        "training.noise=0.1",
    )
    settings = build(composed(*SMALL, *QUICK, *choices, *training))
    outputs = StageOutputs(settings, made)
    detector = train(settings, outputs).detector
    X = outputs.sampled.test.X
    probability = detector.score(X)
    detector.save(tmp_path / "kept")
    again = Detector.load(tmp_path / "kept")
    assert again.card == detector.card
    np.testing.assert_array_equal(again.score(X), probability)
    stream = again.stream()
    blocks = [stream.uncalibrated(X[start : start + 70]) for start in range(0, len(X), 70)]
    np.testing.assert_allclose(np.concatenate(blocks), probability, atol=1e-5)


def test_the_attack_types_of_a_part_come_with_it(composed: Compose, made: Workspace) -> None:
    outputs = StageOutputs(build(composed(*SMALL)), made)
    for name, part in outputs.reduced.by_name().items():
        table = outputs.sampled.by_name()[name]
        assert part.attack.dtype == np.int32
        assert [LABELS[code] for code in part.attack] == [table.attacks[code] for code in table.attack]


def test_windows_that_the_reduce_stage_saved_are_loaded_unchanged(
    composed: Compose, made: Workspace, tmp_path: Path
) -> None:
    settings = build(composed(*SMALL, "layout=window", "split=official"))
    outputs, out = StageOutputs(settings, made), Workspace(tmp_path)
    write_reduced(outputs, settings, out)
    kept = StageOutputs(settings, out).reduced
    for part, one in outputs.reduced.by_name().items():
        again = kept.by_name()[part]
        np.testing.assert_array_equal(np.asarray(again.X), np.asarray(one.X))
        np.testing.assert_array_equal(again.y, one.y)
        np.testing.assert_array_equal(again.attack, one.attack)
    assert (kept.seconds, kept.sample_facts) == (outputs.reduced.seconds, outputs.reduced.sample_facts)


@pytest.fixture(scope="module")
def encoded(composed: Compose, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """20,000 simulated records, preprocessed."""
    out = Workspace(tmp_path_factory.mktemp("encoded"))
    write_preprocessed(build(composed(*RARE)), out, out)
    return out


@pytest.mark.parametrize("split", options("split"))
@pytest.mark.parametrize("task", options("task"))
def test_every_task_is_learned_on_every_split(task: str, split: str, composed: Compose, encoded: Workspace) -> None:
    # the only type of a class of multiclass_smurf is left out in fold 0
    fold = ["split.fold=1"] if split == "held_out_types" else []
    settings = build(composed(*RARE, f"task={task}", f"split={split}", *fold, "reducer=none", "model=decision_tree"))
    outputs = StageOutputs(settings, encoded)
    outcome = train(settings, outputs)
    tables, facts = outputs.sampled.by_name(), outputs.sampled.facts
    assert outcome.metrics["train_accuracy"] > 0.99
    assert outcome.metrics["val_accuracy"] > 0.8
    n_classes = len(settings.task.classes)
    assert set(tables["train"].target.tolist()) == set(range(n_classes))
    assert outcome.detector.score(tables["test"].X).shape[1] == n_classes
    parts = [part for part in tables if split != "official" or part in ("train", "val")]
    drawn, kept = sum(one["drawn"] for one in facts["classes"].values()), sum(facts["records"][part] for part in parts)
    assert kept < drawn if split == "held_out_types" else kept == drawn  # gaps and copies are in no part
    if split == "grouped":
        assert facts["test_share_seen_in_training"] == 0
