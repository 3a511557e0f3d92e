"""The split for a selection in the pipeline: one file for all parts, with its history."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.data.history import History
from src.evaluation.leakage import Background
from src.pipeline.experiment import TrainingRecord, evaluate, train
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import Workspace


@pytest.mark.integration
def test_all_parts_are_of_the_training_file_and_keep_its_history(
    composed: Callable[..., DictConfig], tmp_path: Path
) -> None:
    settings = build(
        composed(
            "split=held_out_types", "layout=history", "reducer=none", "model=extra_trees", "model.n_estimators=5",
            "dataset=simulated", "dataset.records=3000", "evaluation.bootstrap=0", "seed=1",
        )
    )  # fmt: skip
    outputs = StageOutputs(settings, Workspace(Path("/nowhere")))
    sampled, file = outputs.sampled, outputs.training_file.table
    history = History(settings.layout.history)(file.X)
    for name, part in outputs.reduced.by_name().items():
        table = sampled.by_name()[name]
        np.testing.assert_array_equal(part.X[:, 53:], history[table.row - 1])
    unknown = {sampled.test.attacks[code] for code in np.unique(sampled.test.attack)} - Background.of(
        sampled.train
    ).attacks
    assert unknown
    outcome = train(settings, outputs)
    found = evaluate(outcome.detector, sampled, settings, TrainingRecord.of(outcome, "run"), Workspace(tmp_path))
    assert 0 <= found.metrics["test_unknown_types_at_1_percent"] <= 1
    assert found.metrics["test_share_seen_in_training"] < 0.05
