"""Evaluations of stored detectors on other data sets: which are made."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from src.tracking import cross_evaluation
from src.tracking.find_runs import FoundRun


def test_a_run_given_by_its_name_and_by_its_id_is_scored_once_on_a_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {"svm-pca-2": "a" * 32, "aaaa": "a" * 32, "svm-pca-3": "b" * 32}
    pairs = []

    def stored(run: FoundRun) -> Any:
        def on(dataset: str, overrides: list[str]) -> Any:
            pairs.append((run.id[0], dataset))
            return SimpleNamespace(config={"dataset": {"name": dataset}})

        return SimpleNamespace(on=on, settings=None)

    def outputs(*given: object) -> None:
        raise RuntimeError("all are checked, and the first is to be scored")

    monkeypatch.setattr(cross_evaluation, "find_run", lambda text: FoundRun(ids[text], text, "FINISHED", 0, "kdd99"))
    monkeypatch.setattr(cross_evaluation, "_stored", stored)
    monkeypatch.setattr(cross_evaluation, "_outputs", outputs)
    with pytest.raises(RuntimeError, match="all are checked"):
        next(cross_evaluation.cross_evaluate(list(ids), ["nsl_kdd", "simulated", "nsl_kdd"], [], tmp_path))
    assert pairs == [("a", "nsl_kdd"), ("a", "simulated"), ("b", "nsl_kdd"), ("b", "simulated")]
