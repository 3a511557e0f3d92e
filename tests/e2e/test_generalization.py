"""The grids of the report on unseen traffic, and the report from a real store."""

import re

import pytest

pytestmark = pytest.mark.integration
# enough records for a few of each of the five classes
SMALL = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=2000", "training.progress=false",
         "training.epochs=1", "evaluation.bootstrap=50", "seed=0")  # fmt: skip
# Every grid is whole, with each split, layout and kind of threshold, but with one model of each kind: a network takes
# several times as long as a tree.
SMALLER = (
    ("all_features", "model: lstm", "model: naive_bayes"),
    ("baselines", "model: decision_tree,random_forest,extra_trees", "model: random_forest"),
    ("five", "members: 5", "members: 2"),
    ("five_baselines", "model: decision_tree,random_forest,extra_trees", "model: decision_tree"),
    ("alarms_baselines", "false_alarm_blocks: null,10", "false_alarm_blocks: null,2"),
    ("five_boosting", "model: gradient_boosting", "model: naive_bayes"),
    ("nsl_kdd", "reducer: pca,mi", "reducer: mi"),
    ("nsl_kdd_taught", "records_per_epoch: 100000", "records_per_epoch: 1000"),
    ("nsl_kdd_trees", "model: decision_tree,random_forest,extra_trees", "model: decision_tree"),
    ("splits", "reducer: pca,mi", "reducer: pca"),
    ("splits", "model: lstm", "model: naive_bayes"),
    ("taught", "records_per_epoch: 200000", "records_per_epoch: 1000"),
    ("taught_inputs", "model.form: value,rank,logarithm", "model.form: value"),
    ("taught_mixing", "records_per_epoch: 50000", "records_per_epoch: 1000"),
    ("taught_mixing", "mixed_by_column: 0.0,0.3", "mixed_by_column: 0.3"),
    ("taught_mixing", "mixed_by_group: 0.0,0.3", "mixed_by_group: 0.3"),
    ("taught_teachers", "model: random_forest,extra_trees", "model: random_forest"),
)


def test_the_grids_on_simulated_records_give_a_whole_report(project):
    folder = project.root / "conf" / "experiment" / "generalization"
    for name, value, smaller in SMALLER:
        grid = folder / f"{name}.yaml"
        text = grid.read_text()
        assert text.count(value) == 1, f"{grid.name}: found {text.count(value)} times {value!r}, expected it once"
        grid.write_text(text.replace(value, smaller))
    project.module("grids", "generalization", *SMALL, "tracking.log_model=false")
    output = project.module("report", "generalization", *SMALL, "tracking.log_model=false")
    runs = [run for run in project.runs() if "k" in run.data.params]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert f"{len(runs)} of {len(runs)} runs" in output
    pages = {
        path.parent.name: path.read_text() for path in (project.root / "reports" / "generalization").glob("*/README.md")
    }
    assert len(pages) == 5
    for text in pages.values():
        assert "SIMULATED DATA" in text
        assert "missing" not in text.lower()
        assert not [line for line in text.splitlines() if re.search(r"\|\s*\|", line)]
    assert len(re.findall(r"\| \*\*ensemble of 2 LSTMs, .*\*\* \| \d\.\d{4} ", pages["contest"])) == 1
    # with previous records and without
    assert len(re.findall(r"\| \*\*LSTM taught by extra trees .*\*\* \| \d\.\d{4} ", pages["contest"])) == 2
