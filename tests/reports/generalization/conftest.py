"""Runs made by hand, with the values that the report reads; nothing is trained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest

from src.reports.generalization.pages import Contest, NslKdd, OperatingPoint, Splits, Taught
from src.reports.generalization.report import GeneralizationReport
from src.reports.runs import Configuration, Results, Run
from tests.reports.made import config

INPUTS = (("lstm", "pca", 2), ("lstm", "mi", 4), ("random_forest", "none", 53))
ARRIVALS = ("single", "requests", "shuffled", "reversed", "mixed")
AGREEMENT = {"teacher_agreement_mixed": 0.98, "teacher_agreement_held_out": 0.99}
Make = Callable[[Results], Path]


def metrics(accuracy: float, cost: float, task: str) -> dict[str, float]:
    detection = "recall" if task == "binary" else "detection_rate"
    shares = ("accuracy", "binary_accuracy", "false_alarm_rate", detection, f"{detection}_known_attacks",
              f"{detection}_unknown_attacks", "accuracy_seen", "accuracy_unseen", "share_seen_in_training",
              "share_ambiguous", "ceiling_accuracy", "calibration_error")  # fmt: skip
    return {
        **{f"test_{name}": accuracy for name in shares},
        "test_mean_cost": cost,
        "test_ceiling_mean_cost": 0.0431,
        "val_mean_cost": cost / 10,
        "val_false_alarm_rate": 0.004,
        "test_21_accuracy": accuracy - 0.2,
        **at_equal_alarms(accuracy, cost),
        **{f"test_false_alarm_rate_{way}": accuracy / 2 for way in ARRIVALS},
        **{f"test_mean_cost_{way}": 2 * cost for way in ARRIVALS},
    }


def at_equal_alarms(accuracy: float, cost: float) -> dict[str, float]:
    """Scores at equal false alarms: no threshold at 0.1 %, and all a little lower at 0.5 %."""
    found = {"test_detection_at_0.1_percent": 0.0, "test_detection_unknown_attacks_at_0.1_percent": 0.0,
             "test_mean_cost_at_0.1_percent": 1.7}  # fmt: skip
    for name, less in (("0.5", 0.01), ("1", 0.0), ("5", -0.01)):
        found |= {
            f"test_detection_at_{name}_percent": accuracy - less,
            f"test_detection_at_{name}_percent_low": accuracy - less - 0.05,
            f"test_detection_at_{name}_percent_high": accuracy - less + 0.02,
            f"test_mean_cost_at_{name}_percent": cost + less,
            f"test_detection_unknown_attacks_at_{name}_percent": 0.3 - less,
        }
    found |= {"test_false_alarm_rate_set_for_1_percent": 0.024, "test_detection_set_for_1_percent": accuracy + 0.01,
              "test_mean_cost_set_for_1_percent": cost + 0.001}  # fmt: skip
    return found


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of artifacts."""
    folder = tmp_path_factory.mktemp("artifacts")
    table = pd.DataFrame(
        {"attack": ["normal", "smurf", "mailbomb", "worm"], "class": ["normal", "dos", "dos", "r2l"],
         "records": [60593, 164091, 5000, 2], "in_training": [True, True, False, False],
         "recall": [0.99, 1.0, 0.1, 0.0], "detected": [0.01, 1.0, 0.2, 0.5]}
    )  # fmt: skip
    table.to_csv(folder / "attack_recall.csv", index=False)
    attacks = pd.DataFrame(
        {"attack": ["smurf", "mailbomb", "worm", "xlock"], "in_training": [True, False, False, False],
         "records": [164091, 5000, 2, 6], "detected_at_1_percent": [1.0, 0.9, 0.5, 0.0]}
    )  # fmt: skip
    attacks.to_csv(folder / "operating_attacks.csv", index=False)
    share = np.logspace(-4, 0, 5)
    curve = pd.DataFrame({"allowed": share, "detection": share**0.1, "detection_low": share, "detection_high": 1.0})
    curve.to_csv(folder / "operating_curve.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def made(files: Path) -> Results:
    """Every grid whole: three seeds a configuration, scores 0.001 apart."""

    def run(seed: int, accuracy: float, cost: float, task: str) -> Run:
        params = {"derived.git_revision": "0123456789abcdef", "derived.cpu": "a processor", "derived.cores": "2"}
        return Run(
            uuid4().hex, metrics(accuracy + seed / 1000, cost + seed / 1000, task), params, lambda: files, "page"
        )

    def three(grid: str, accuracy: float, cost: float, one: tuple[str, str, int], **of: Any) -> Configuration:
        model, reducer, k = one
        made = config(model=model, reducer=reducer, k=k, **of)
        return Configuration(grid, made, (0, 1, 2), {seed: run(seed, accuracy, cost, of["task"]) for seed in (0, 1, 2)})

    found = [
        three(Splits.grids[0], 0.99 - 0.03 * place, 0.0, one, split=split, task="binary")
        for place, split in enumerate(("random", "grouped", "official"))
        for one in INPUTS
    ]
    found += [
        three(Contest.ensembles, 0.93, 0.22 + place / 50, one, split="official", task="five")
        for place, one in enumerate(INPUTS)
    ]
    found.append(three(Contest.reference, 0.92, 0.3, ("decision_tree", "none", 53), split="official", task="five"))
    found += [
        three(
            OperatingPoint.grids[0], 0.93, 0.0, INPUTS[0], split="official", task="binary", budget=budget, blocks=blocks
        )
        for budget, blocks in ((None, None), (0.01, None), (0.01, 10))
    ]
    history = {"layout": {"name": "history", "history": [100]}}
    (forest,) = (place for place, one in enumerate(found) if one.task == "five" and one.model == "random_forest")
    found[forest] = replace(found[forest], config={**found[forest].config, **history})
    found += [three(NslKdd.grids[0], 0.83, 0.0, one, split="official", task="binary") for one in INPUTS[:2]]
    found.append(three("generalization/taught_labels", 0.94, 0.15, INPUTS[0], split="official", task="five"))
    teacher = {"model": {"name": "extra_trees"}, "mixed_by_column": 0.3, "mixed_by_group": 0.3,
               "records_per_epoch": 50000, "targets": "probabilities"}  # fmt: skip
    for grid in (Contest.taught, Taught.mixing):
        one = three(grid, 0.94, 0.15, INPUTS[0], split="official", task="five")
        runs = {seed: replace(run, metrics={**run.metrics, **AGREEMENT}) for seed, run in one.runs.items()}
        training = {"training": {**one.config["training"], "teacher": teacher}}
        found.append(replace(one, config={**one.config, **training}, runs=runs))
    return Results(tuple(found), simulated=False)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Write a report and return its folder."""

    def make(results: Results) -> Path:
        folder = tmp_path_factory.mktemp("reports") / "generalization"
        GeneralizationReport(results).write(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def whole(written: Make, made: Results) -> Path:
    return written(made)


@pytest.fixture(scope="session")
def without() -> Callable[[Results, str], Results]:
    """Results less all runs of a grid."""

    def make(results: Results, grid: str) -> Results:
        less = (replace(one, runs={}) if one.grid == grid else one for one in results.configurations)
        return replace(results, configurations=tuple(less))

    return make
