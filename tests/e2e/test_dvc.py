"""Pipeline as DVC runs it: the stages that run again, the records of runs, and the commands that show them."""

import csv
import io
import json
import re
import signal
from pathlib import Path

import mlflow
import psutil
import pytest
import yaml

from src.utils.paths import PROJECT
from tests import browser
from tests.e2e.conftest import SIMULATED, wait_for

STAGES = ("download", "preprocess", "sample", "reduce", "train", "evaluate")


def choices(*overrides: str) -> list[str]:
    """Options of `dvc exp run` that set values on simulated records."""
    return [part for choice in (*SIMULATED, *overrides) for part in ("-S", choice)]


@pytest.fixture(scope="module")
def ran_once(new_project, tmp_path_factory):
    """Project in which the pipeline was run twice on a tree, with the output of both."""
    project = new_project(tmp_path_factory.mktemp("pipeline"))
    recording = tmp_path_factory.mktemp("recording")
    project.env |= {"PYTHONPATH": str(Path(__file__).with_name("recording")), "IDS_RECORDING": str(recording)}
    first = project.run("dvc", "exp", "run", "--name", "first", *choices("model=decision_tree"))
    return project, first, project.run("dvc", "repro")


@pytest.fixture(scope="module")
def ran_twice(ran_once):
    """The same project after a run of an LSTM on MI and 3 features, with its output."""
    project = ran_once[0]
    changed = choices("training.epochs=2", "reducer=mi", "k=3")
    return project, project.run("dvc", "exp", "run", "--name", "second", *changed)


def recorded(project, stage: str, kind: str) -> list[Path]:
    """Files of the project that the process of a stage loaded as modules, or opened to read."""
    paths = json.loads(Path(project.env["IDS_RECORDING"], f"{stage}.json").read_text())[kind]
    return [Path(path).relative_to(project.root) for path in paths if Path(path).is_relative_to(project.root)]


def ran(output: str) -> list[str]:
    return [stage for stage in STAGES if f"Running stage '{stage}'" in output]


@pytest.mark.parametrize("stage", STAGES)
def test_the_deps_of_each_stage_cover_what_its_process_reads(ran_once, stage):
    assert_covered(ran_once[0], stage)


@pytest.mark.integration
@pytest.mark.parametrize("stage", STAGES[-3:])
def test_the_deps_cover_what_a_network_reads(ran_twice, stage):
    assert_covered(ran_twice[0], stage)


def assert_covered(project, stage: str) -> None:
    declared = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"][stage]
    deps = {Path(path.replace("${dataset.name}", "simulated")) for path in declared["deps"]}
    made = [path for key in ("outs", "metrics") for path in declared.get(key, [])]
    names = [next(iter(path)) if isinstance(path, dict) else path for path in made]
    outs = {Path(name.replace("${dataset.name}", "simulated")) for name in names}
    loaded = [path for path in recorded(project, stage, "loaded") if path.name != "__init__.py"]
    assert Path(f"src/{stage}.py") in loaded
    data = [path for path in recorded(project, stage, "opened") if path.parts[0] in ("data", "models")]
    data = [path for path in data if not any(part.endswith(".part") for part in path.parts)]  # not yet named
    read = [path for path in data if not outs & {path, *path.parents}]
    notes = [path for path in read if path.name.endswith(".fingerprint.json")]  # each beside an output
    assert {path for path in notes if path.with_name(path.name.removesuffix(".fingerprint.json")) not in deps} == set()
    assert {str(path) for path in {*loaded, *read} - {*notes} if not deps & {path, *path.parents}} == set()


def test_the_first_time_all_six_stages_run_and_the_second_time_none(ran_once):
    _, first, again = ran_once
    assert ran(first) == list(STAGES)
    assert "Warning" not in first  # of Hydra for DVC, on an argument that it passes
    assert "fontManager" not in first
    assert ran(again) == []
    assert "up to date" in again


@pytest.mark.integration
def test_another_reducer_runs_only_what_depends_on_it(ran_twice):
    assert ran(ran_twice[1]) == ["reduce", "train", "evaluate"]


@pytest.mark.integration
def test_the_values_given_to_dvc_are_trained(ran_twice):
    project = ran_twice[0]
    newest, oldest = project.runs()
    assert (oldest.data.params["reducer.name"], oldest.data.params["k"]) == ("pca", "2")
    assert (newest.data.params["reducer.name"], newest.data.params["k"]) == ("mi", "3")
    assert (oldest.data.params["model.name"], newest.data.params["model.name"]) == ("decision_tree", "lstm")
    assert newest.data.tags["dvc_experiment"] == "second"


def test_training_and_evaluation_are_one_finished_run(ran_once):
    project = ran_once[0]
    for run in project.runs():
        assert run.info.status == "FINISHED"
        assert {"val_accuracy", "fit_seconds", "test_accuracy"} <= set(run.data.metrics)


def test_the_files_that_users_rely_on_exist(ran_once):
    project = ran_once[0]
    for name in (
        "data/raw/simulated/train.gz", "data/preprocessed/simulated/test.parquet", "data/sampled/val.parquet",
        "data/reduced/train.npz", "data/reduced/preparation.skops", "models/detector/detector.json",
        "reports/metrics.json", "reports/timings.json",
        "reports/explained_variance.csv", "reports/mutual_information.csv",
        "reports/confusion_matrix.json", "reports/confusion_matrix.csv", "reports/confusion_matrix.png",
    ):  # fmt: skip
        assert (project.root / name).is_file(), name
    assert json.loads((project.root / "reports/metrics.json").read_text())["simulated"] is True
    assert "seconds" not in (project.root / "reports/metrics.json").read_text()
    assert "simulated: true" in (project.root / "models/detector/detector.json").read_text().replace('"', "")


@pytest.mark.integration
def test_the_experiments_are_listed_with_their_scores(ran_twice):
    project = ran_twice[0]
    table = list(csv.DictReader(io.StringIO(project.run("dvc", "exp", "show", "--csv", "--no-pager"))))
    rows = {row["Experiment"]: row for row in table if row["Experiment"] in ("first", "second")}
    assert rows["second"]["reducer.name"] == "mi"
    assert rows["second"]["k"] == "3"
    assert 0.5 < float(rows["first"]["test_accuracy"]) <= 1


@pytest.mark.integration
def test_metrics_and_plots_commands_work(ran_twice):
    project = ran_twice[0]
    assert "test_accuracy" in project.run("dvc", "metrics", "show")
    difference = json.loads(project.run("dvc", "metrics", "diff", "first", "second", "--json"))
    assert "test_accuracy" in difference["reports/metrics.json"]
    project.run("dvc", "plots", "show", "-o", "plots")
    page = (project.root / "plots" / "index.html").read_text()
    assert all(name in page for name in ("Training history", "Explained variance", "ROC curve", "confusion_matrix.png"))
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=.https?:[^>]*>", page)  # draws without network


@pytest.mark.integration
@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 500])  # no window of Chromium is narrower than 500 pixels
def test_the_page_of_plots_draws_every_chart_within_the_window(ran_twice, width):
    project = ran_twice[0]
    project.run("dvc", "plots", "diff", "first", "second", "-o", "plots")
    measure = """<script>addEventListener("load", () => setTimeout(() => { document.body.id = ["drawn",
      document.querySelectorAll("canvas").length, [...document.images].filter(one => one.naturalWidth).length,
      document.documentElement.scrollWidth - innerWidth].join(" ") }, 2000))</script>"""
    page = project.root / "plots" / "index.html"
    page.write_text(page.read_text() + measure)
    found = re.search(r'<body[^>]* id="drawn (\d+) (\d+) (-?\d+)"', browser.dom(page.as_uri(), (width, 1000)))
    assert found is not None
    assert [int(number) for number in found.groups()] == [6, 4, 0]  # charts, pictures of two runs, pixels too wide


@pytest.mark.integration
def test_a_repeated_stage_makes_the_same_bytes(ran_twice):
    """So a forced `reduce` leaves `train` up to date, and a forced `train` gives the same detector."""
    project = ran_twice[0]

    def digests() -> dict[str, str]:
        stages = yaml.safe_load((project.root / "dvc.lock").read_text())["stages"]
        outs = [one for stage in ("reduce", "train") for one in stages[stage]["outs"]]
        return {one["path"]: one["md5"] for one in outs if one["path"] in ("data/reduced", "models/detector")}

    before = digests()
    assert sorted(before) == ["data/reduced", "models/detector"]
    project.run("dvc", "repro", "--force", "--single-item", "reduce")
    assert "up to date" in project.run("dvc", "status", "train")
    project.run("dvc", "repro", "--force", "--single-item", "train")
    assert digests() == before


@pytest.mark.integration
def test_a_stage_ends_with_its_dvc(ran_twice, background):
    """DVC does not end its stage where SIGTERM or SIGKILL ends it, and the next `dvc repro` would run beside it."""
    project = ran_twice[0]
    params = (project.root / "params.yaml").read_text()
    endless = params.replace("  epochs: 2\n", "  epochs: 100000\n").replace("  patience: 15\n", "  patience: null\n")
    assert endless != params
    (project.root / "params.yaml").write_text(endless)
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            before = {run.info.run_id for run in project.runs()}
            process = background(project.start("dvc", "repro", "--single-item", "train"))
            wait_for(lambda: {run.info.run_id for run in project.runs()} - before, "the run of the stage")  # noqa: B023
            (stage,) = [
                one for one in psutil.Process(process.pid).children(recursive=True) if "src.train" in one.cmdline()
            ]
            process.send_signal(number)
            stage.wait(30)
            process.wait()
    finally:
        (project.root / "params.yaml").write_text(params)
        project.run("dvc", "repro")
    assert "RUNNING" not in project.statuses()  # the next command closes a run that its process had no time to close


@pytest.mark.integration
def test_a_stage_refuses_a_table_that_another_config_made(ran_once):
    project = ran_once[0]
    params = (project.root / "params.yaml").read_text()
    project.env["DVC_STAGE"] = "train"
    try:
        (project.root / "params.yaml").write_text(params.replace("seed: 0", "seed: 1"))
        flags = "--config-dir . --config-name params hydra.run.dir=. hydra.output_subdir=null".split()
        output = project.module("train", *flags, fails=True)
    finally:
        (project.root / "params.yaml").write_text(params)
        del project.env["DVC_STAGE"]
    assert "dvc repro --force reduce" in output


@pytest.mark.integration
def test_another_decision_is_fitted_anew_and_another_evaluation_is_a_new_run(ran_twice):
    project = ran_twice[0]
    forest = ("model=random_forest", "model.n_estimators=10", "split.distinct=true", "decision.false_alarm_budget=0.05")

    def threshold() -> float:
        return json.loads((project.root / "models/detector/detector.json").read_text())["decision"]["threshold"]

    project.run("dvc", "exp", "run", *choices(*forest))
    on_validation = threshold()
    blocks = choices(*forest, "decision.false_alarm_blocks=2")
    assert ran(project.run("dvc", "exp", "run", *blocks)) == ["train", "evaluate"]
    assert threshold() != on_validation

    before = project.runs()[0]
    assert ran(project.run("dvc", "exp", "run", *blocks, "-S", "evaluation.bootstrap=10")) == ["evaluate"]
    newest = project.runs()[0]
    assert newest.info.run_id != before.info.run_id
    assert [run.data.params["evaluation.bootstrap"] for run in (before, newest)] == ["1000", "10"]
    assert newest.data.metrics["val_threshold"] == before.data.metrics["val_threshold"] == threshold()
    assert newest.data.metrics["test_accuracy_low"] != before.data.metrics["test_accuracy_low"]
    listed = {item.path for item in mlflow.MlflowClient(project.store).list_artifacts(newest.info.run_id)}
    assert {"metrics.json", "confusion_matrix.png"} <= listed
