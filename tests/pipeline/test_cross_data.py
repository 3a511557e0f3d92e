"""Evaluation on another data set: what is refused, and how its records become those of the training. (The whole command
is in tests/e2e/test_cross_evaluate.py.)"""

import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.build import ConfigError, build
from src.config.scored_data import config_on
from src.config.settings import Config, Settings
from src.data.tables import Table
from src.detector.card import Card
from src.pipeline.cross_data import _check_training, _labeled, counted, settings_on
from src.pipeline.experiment import TrainingRecord
from src.pipeline.stage_data import SampledParts
from src.utils.paths import PROJECT

Compose = Callable[..., DictConfig]


@pytest.fixture(scope="module")
def trained(composed: Compose) -> Settings:
    return build(composed("dataset=kdd99_10pct", "model=decision_tree", "split=official", "evaluation.bootstrap=7"))


def card_of(trained: Settings) -> Card:
    """Card of a detector that these settings train."""
    schema = trained.dataset.schema
    return Card(trained.task.class_names, trained.dataset.name, trained.dataset.simulated, trained.task.name,
                "official", "pca", 2, "decision_tree", 0, schema)  # fmt: skip


def on(trained: Settings, change: Callable[[Any], object] = lambda dataset: None, name: str = "nsl_kdd") -> Settings:
    """Settings on a data set whose config `change` edits."""
    config = config_on(trained.config, name)
    dataset = deepcopy(config["dataset"])
    change(dataset)
    return settings_on(trained, {**config, "dataset": dataset}, card_of(trained))


def test_another_data_set_takes_the_place_of_that_of_the_training_alone(trained: Settings) -> None:
    config = config_on(trained.config, "nsl_kdd", ["dataset.ordered=true", "preprocess.max_unknown=0.5"])
    assert config["dataset"]["name"] == "nsl_kdd"
    assert config["dataset"]["ordered"] is True
    assert config["trained_on"] == trained.config["dataset"]
    rest = {key: value for key, value in trained.config.items() if key != "dataset"}
    rest["preprocess"] = {**trained.config["preprocess"], "max_unknown": 0.5}
    assert {key: value for key, value in config.items() if key not in ("dataset", "trained_on")} == rest
    assert trained.config["preprocess"]["max_unknown"] == 0.01


def test_the_own_data_set_is_that_of_the_training_not_that_of_conf(composed: Compose) -> None:
    config: Config = OmegaConf.to_container(composed("dataset=simulated", "dataset.records=3000"), resolve=True)
    found = config_on(config, "simulated", ["dataset.seed=5"])
    assert found["dataset"] == {**config["dataset"], "seed": 5}
    assert found["dataset"]["records"] == 3000


@pytest.mark.parametrize(
    ("dataset", "override", "error"),
    [
        ("nsl_kd", (), r"dataset=nsl_kd: found no such choice. Did you mean nsl_kdd"),
        ("nsl_kdd", ("model.units=3",), r"model.units=3: expected KEY=VALUE with a key of dataset, preprocess, evalua"),
        ("nsl_kdd", ("dataset.order=true",), r"dataset.order: found no such key. Did you mean dataset.ordered"),
    ],
)
def test_a_choice_that_decides_the_detector_or_does_not_exist_is_refused(
    trained: Settings, dataset: str, override: tuple[str, ...], error: str
) -> None:
    with pytest.raises(ConfigError, match=error):
        config_on(trained.config, dataset, override)


def test_a_copied_name_does_not_stand_for_the_data_set_of_the_training(
    trained: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    own = tmp_path / "conf" / "dataset" / "kdd99_10pct.yaml"
    own.with_name("later.yaml").write_text(own.read_text())
    monkeypatch.setattr("src.config.scored_data.PROJECT", tmp_path)
    with pytest.raises(ValueError, match=r"conf/dataset/later\.yaml: name: found 'kdd99_10pct', expected 'later'"):
        config_on(trained.config, "later")


def test_settings_are_those_of_the_training_on_other_data(trained: Settings) -> None:
    found = on(trained)
    assert (found.dataset.name, found.task.class_names) == ("nsl_kdd", ("normal", "attack"))
    assert (found.evaluation.bootstrap, found.model, found.seed) == (7, trained.model, trained.seed)
    assert found.caption.startswith("nsl_kdd, trained on kdd99_10pct, binary, official split, decision_tree on pca k=2")


def test_a_data_set_with_other_features_is_refused_and_the_columns_are_named(trained: Settings) -> None:
    def change(dataset: Any) -> None:
        columns = dataset["schema"]["columns"]
        del columns["urgent"]
        columns |= {"hot": "real", "packets": "count", "flag": {**columns["flag"], "encoding": "code"}}
        dataset["schema"] |= {"groups": {}, "roles": {}, "n_features": None}

    with pytest.raises(ValueError, match=r"dataset=nsl_kdd: found other columns than those of kdd99_10pct") as error:
        on(trained, change)
    assert ("it lacks urgent; it also has packets; flag is category as code, in training category as indicators; "
            "hot is real, in training count; expected the same features") in str(error.value)  # fmt: skip
    with pytest.raises(
        ValueError, match=r"dataset=unsw_nb15: found other columns .*it lacks duration, .* and 32 more; it also"
    ):
        on(trained, name="unsw_nb15")


def test_simulated_and_real_records_do_not_mix(trained: Settings) -> None:
    with pytest.raises(ValueError, match="dataset=simulated: found simulated records, expected real ones"):
        on(trained, name="simulated")


def test_a_detector_that_reads_the_records_before_one_needs_their_order(composed: Compose) -> None:
    chosen = ("dataset=kdd99_10pct", "split=official", "reducer=none", "layout=history", "model=decision_tree")
    trained = build(composed(*chosen))
    with pytest.raises(ValueError, match=r"dataset=nsl_kdd: found dataset.ordered=false.*layout=history"):
        on(trained)
    assert on(trained, lambda dataset: dataset.update(ordered=True)).dataset.name == "nsl_kdd"


def test_categories_have_the_known_values_of_the_training(trained: Settings) -> None:
    def change(dataset: Any) -> None:
        dataset["schema"]["columns"] |= {"service": {"kind": "category", "encoding": "code"},
                                         "flag": {"kind": "category", "values": ["SF", "new"]}}  # fmt: skip
        dataset["schema"]["n_features"] = 44

    found = on(trained, change)
    assert found.dataset.schema.vocabularies == trained.dataset.schema.vocabularies
    assert found.dataset.schema.features == trained.dataset.schema.features
    assert "difficulty" in found.dataset.schema.columns
    # of the same values it stays the config that the stages may have left files of
    assert on(trained).config["dataset"] == config_on(trained.config, "nsl_kdd")["dataset"]


def test_classes_follow_from_the_labels_of_the_data_set_by_the_task_of_the_detector(composed: Compose) -> None:
    trained = build(composed("dataset=kdd99_10pct", "task=five", "split=official"))

    def change(dataset: Any) -> None:
        schema = dataset["schema"]
        schema["normal"] = "Benign"
        schema["categories"]["dos"].append("ddos")

    task = on(trained, change).task
    assert task.target(("Benign", "ddos", "smurf", "nmap", "normal")).tolist() == [0, 2, 2, 1, -1]
    with pytest.raises(
        ValueError, match=r"dataset=nsl_kdd: task 'five' of the detector does not fit its labels: .*'u2r"
    ):
        on(trained, lambda dataset: dataset["schema"]["categories"].pop("u2r"))


def test_classes_that_are_not_those_of_the_detector_are_refused(composed: Compose) -> None:
    trained = build(composed("dataset=kdd99_10pct", "task=categories", "split=official"))
    with pytest.raises(ValueError, match=r"found the classes normal, probe, dos, u2r in it, expected those of the det"):
        on(trained, lambda dataset: dataset["schema"]["categories"].pop("r2l"))


def table(settings: Settings, *attacks: str) -> Table:
    """One record of each attack type, whose features are their own positions."""
    d, n = len(settings.dataset.schema.features), len(attacks)
    X = np.arange(n * d, dtype=np.float32).reshape(n, d)
    return Table(X, np.arange(n, dtype=np.int32), attacks, np.arange(1, n + 1))


def test_attack_types_that_the_training_does_not_know_are_attacks_or_an_error(composed: Compose) -> None:
    trained = build(composed("dataset=kdd99_10pct", "split=official"))

    def change(dataset: Any) -> None:
        dataset["schema"]["categories"]["worms"] = ["code_red"]

    found = on(trained, change)
    known, scored = trained.dataset.schema, found.dataset.schema
    assert _labeled(table(found, "normal", "code_red", "smurf"), found, known, scored).target.tolist() == [0, 1, 1]
    five = replace(found, task=build(composed("dataset=kdd99_10pct", "task=five", "split=official")).task)
    with pytest.raises(ValueError, match=r"dataset=nsl_kdd: found the attack type 'code_red', which is in no class of"):
        _labeled(table(five, "normal", "code_red"), five, known, scored)


def test_features_come_in_the_order_of_the_training(trained: Settings) -> None:
    def change(dataset: Any) -> None:
        columns = dataset["schema"]["columns"]
        dataset["schema"]["columns"] = {name: columns[name] for name in sorted(columns)}

    found = on(trained, change)
    known, scored = trained.dataset.schema, found.dataset.schema
    assert scored.features != known.features
    given = table(found, "normal", "smurf")
    X = _labeled(given, found, known, scored).X
    for column, name in enumerate(known.features):
        np.testing.assert_array_equal(X[:, column], given.X[:, scored.features.index(name)])


def test_a_training_part_of_other_records_is_refused(trained: Settings) -> None:
    facts = {"records": {"train": 10}, "distinct_vectors": {"train": 9}}
    parts = SampledParts(None, None, {}, facts)  # type: ignore[arg-type]
    noted = {"derived.records_train": "10", "derived.distinct_vectors_train": "9"}
    _check_training(parts, TrainingRecord("abc", {}, {}, noted, [], {}))
    other = TrainingRecord("abc", {}, {}, noted | {"derived.distinct_vectors_train": "8"}, [], {})
    with pytest.raises(RuntimeError, match="run abc: found 9 distinct vectors in the training part made anew, expec"):
        _check_training(parts, other)


@pytest.mark.parametrize(
    ("records", "left_out"),
    [
        ((7, 0), {"recall", "f1", "f1_low", "f1_attack", "macro_f1", "detection_at_1_percent", "roc_auc"}),
        ((7, 0, 0), {"recall", "f1", "f1_low", "f1_attack", "macro_f1", "detection_at_1_percent", "roc_auc"}),
        ((0, 7), {"false_alarm_rate", "f1_normal", "macro_f1", "detection_at_1_percent", "roc_auc"}),
        ((1, 1), set()),
    ],
)
def test_a_score_of_records_that_a_part_lacks_is_left_out(records: tuple[int, ...], left_out: set[str]) -> None:
    scores = ("recall", "f1", "f1_low", "f1_attack", "f1_normal", "macro_f1", "detection_at_1_percent", "roc_auc",
              "false_alarm_rate", "accuracy")  # fmt: skip
    metrics = {f"{part}_{score}": 0.0 for part in ("val", "test", "test_21") for score in scores}
    found = counted(metrics, {"test": records, "test_21": (1, 1)}, "normal")
    assert {*metrics} - {*found} == {f"test_{score}" for score in left_out}
