"""The default pipeline on the real data, against what is known of the paper."""

import json

import pandas as pd
import pytest

from src.predict import main
from tests.e2e.conftest import copy_project

pytestmark = [pytest.mark.real_data, pytest.mark.integration]


@pytest.fixture(scope="module")
def reproduced(mirror, tmp_path_factory):
    """A clone in which `dvc repro` ran with nothing but the mirror given."""
    project = copy_project(tmp_path_factory.mktemp("reproduced"))
    project.env["IDS_DATA_MIRROR"] = str(mirror)
    project.run("dvc", "repro")
    return project


def test_mutual_information_ranks_the_features_as_the_paper_does(reproduced):
    ranking = pd.read_csv(reproduced.root / "reports/mutual_information.csv")
    assert ranking.columns.tolist() == ["rank", "feature", "position", "score"]
    assert ranking["position"].head(10).tolist() == [21, 3, 2, 4, 22, 34, 10, 40, 30, 35]


def test_two_and_three_components_explain_what_the_paper_says(reproduced):
    variance = pd.read_csv(reproduced.root / "reports/explained_variance.csv", index_col="component")["cumulative"]
    assert variance[2] == pytest.approx(0.714, abs=0.01)
    assert variance[3] == pytest.approx(0.822, abs=0.01)


def test_two_components_are_enough_for_the_headline(reproduced):
    metrics = json.loads((reproduced.root / "reports/metrics.json").read_text())
    assert metrics["simulated"] is False
    assert metrics["test_accuracy"] >= 0.993
    run = reproduced.runs("kdd99_10pct")[0]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test_accuracy"] == pytest.approx(metrics["test_accuracy"])
    assert run.data.params["derived.records_drawn_again_normal"] == "2722"


def test_a_second_repro_does_nothing(reproduced):
    before = len(reproduced.runs("kdd99_10pct"))
    assert "up to date" in reproduced.run("dvc", "repro")
    assert len(reproduced.runs("kdd99_10pct")) == before


def test_the_detector_scores_the_official_test_file(reproduced, mirror, tmp_path):
    out = tmp_path / "verdicts.csv"
    model = str(reproduced.root / "models/detector")
    assert main(["--model", model, str(mirror / "kddcup99" / "corrected.gz"), "-o", str(out)]) == 0
    verdicts = pd.read_csv(out)
    assert verdicts["line"].tolist() == list(range(1, 311_030))
    assert set(verdicts["verdict"]) == {"normal", "attack"}
