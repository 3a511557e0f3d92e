"""Audits of whole data sets: facts about the published files, and splits that cannot be made."""

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.evaluation.audit.findings import Finding
from src.pipeline.audited import audited
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import Workspace

Compose = Callable[..., DictConfig]


def findings(composed: Compose, tmp_path: Path, *overrides: str) -> dict[tuple[str, str], Finding]:
    settings = build(composed(*overrides), stage="sample")
    found = audited(settings, StageOutputs(settings, Workspace(tmp_path)))
    return {(one.check, one.part): one for one in found}


@pytest.mark.integration
def test_a_split_that_cannot_be_made_is_grey(composed: Compose, tmp_path: Path) -> None:
    data = ("dataset=simulated", "dataset.records=1000", "dataset.test_records=1000")
    task = "task.classes.attack.attacks=[perl]"  # of which a short file has no record
    found = findings(composed, tmp_path, *data, task)
    for check in ("shared", "neighbors"):
        assert found[check, "split"].level == "grey"
        assert "found no record of ['perl']" in found[check, "split"].text


@pytest.mark.real_data
@pytest.mark.usefixtures("mirror")
def test_nsl_kdd_shares_610_rows_between_training_and_test(composed: Compose, tmp_path: Path) -> None:
    found = findings(composed, tmp_path, "dataset=nsl_kdd", "split=official")
    shared = found["shared", "test"].numbers
    assert (shared["vectors_seen"], shared["verdicts_seen"], shared["rows_seen"]) == (664, 617, 610)
    assert found["shared", "test"].level == "yellow"
    assert found["new_labels", "test"].numbers["records_new_labels"] == 3750
    assert found["new_labels", "test"].numbers["new_labels"] == 17
    assert found["copies", "train"].numbers["distinct_rows"] == 125_973
    assert found["order", "train"].level == "green"
    assert "num_outbound_cmds" in found["constant", "train"].text


@pytest.mark.real_data
@pytest.mark.usefixtures("mirror")
def test_kdd99_is_in_order_and_mostly_copies(composed: Compose, tmp_path: Path) -> None:
    found = findings(composed, tmp_path, "dataset=kdd99_10pct", "split=official")
    assert found["order", "train"].numbers["label_runs"] == 534
    assert found["order", "test"].numbers["label_runs"] == 19_179
    assert found["order", "test"].level == "green"
    assert found["copies", "train"].numbers["distinct_vectors"] == 145_584
    assert found["conflicts", "test"].numbers["ceiling_verdict"] == pytest.approx(0.9817, abs=5e-5)
    assert found["new_labels", "test"].numbers["records_new_labels"] == 18_729
