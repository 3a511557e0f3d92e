"""`python -m src.train -m reducer=pca,mi k=2,3,4,10`: eight runs under one parent, and the MLflow UI on them."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from itertools import takewhile
from pathlib import Path
from urllib.parse import quote

import mlflow
import numpy as np
import pytest
from PIL import Image

from src.tracking.runs_table import VIEW
from tests import browser
from tests.e2e.conftest import SIMULATED, wait_for
from tests.servers import free_port

pytestmark = pytest.mark.integration


def table_in(output: str) -> list[str]:
    """Rows of the table that a multirun ends with."""
    after = output.rpartition("\n---")[2].splitlines()[1:]
    return after[: after.index("")] if "" in after else after


@pytest.fixture(scope="module")
def swept(new_project, tmp_path_factory):
    """Project in which a multirun ran on simulated records, with its output."""
    project = new_project(tmp_path_factory.mktemp("swept"))
    output = project.module(
        "train", "-m", *SIMULATED, "reducer=pca,mi", "k=2,3,4,10", "tracking.log_model=false", "training.epochs=1",
        "training.jit_compile=false", "model.layers=1",
    )  # fmt: skip
    return project, output


@pytest.fixture(scope="module")
def runs(swept):
    project, _ = swept
    parents = [run for run in project.runs() if run.data.tags.get("multirun")]
    children = [run for run in project.runs() if "mlflow.parentRunId" in run.data.tags]
    return parents, children


def test_eight_runs_are_nested_under_one_finished_parent(runs):
    parents, children = runs
    assert [parent.info.status for parent in parents] == ["FINISHED"]
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parents[0].info.run_id}
    assert {(child.data.params["reducer.name"], child.data.params["k"]) for child in children} == {
        (reducer, k) for reducer in ("pca", "mi") for k in ("2", "3", "4", "10")
    }


def test_each_run_has_its_metrics_parameters_and_pictures(swept, runs):
    project, _ = swept
    client = mlflow.MlflowClient(project.store)
    for run in runs[1]:
        assert run.info.status == "FINISHED"
        assert {"fit_seconds", "reduce_seconds", "evaluate_seconds", "train_accuracy", "val_accuracy", "test_accuracy",
                "test_recall", "test_precision", "test_f1", "test_false_alarm_rate", "test_roc_auc",
                "epoch_loss"} <= set(run.data.metrics)  # fmt: skip
        assert {"derived.records_train", "derived.distinct_vectors_test", "derived.git_revision", "derived.cpu",
                "derived.versions.keras", "split.name", "task.name"} <= set(run.data.params)  # fmt: skip
        assert "derived.k" not in run.data.params
        assert run.data.params["derived.input"] == f"{run.data.params['reducer']} {run.data.params['k']}"
        assert run.data.tags["simulated"] == "true"
        names = {item.path for item in client.list_artifacts(run.info.run_id)}
        assert {"confusion_matrix.png", "confusion_matrix.json", "confusion_matrix.csv", "roc.png", "history.png",
                "attack_recall.csv", "mutual_information.csv", "config.yaml"} <= names  # fmt: skip


def test_the_confusion_matrix_holds_every_test_record_once(swept, runs):
    project, _ = swept
    for run in runs[1]:
        uri = f"runs:/{run.info.run_id}/confusion_matrix.json"
        path = Path(mlflow.artifacts.download_artifacts(uri, tracking_uri=project.store))
        matrix = json.loads(path.read_text())
        assert matrix["classes"] == ["normal", "attack"]
        assert sum(map(sum, matrix["rows_predicted_columns_actual"])) == int(run.data.params["derived.records_test"])


def test_an_experiment_file_that_sweeps_is_one_grid_without_being_asked(project):
    small = (*SIMULATED, "evaluation.bootstrap=100", "model=decision_tree", "split=random,grouped", "seed=0,1")
    output = project.module("train", "+experiment=generalization/baselines", *small)
    parents = [run for run in project.runs() if run.data.tags.get("multirun")]
    children = [run for run in project.runs() if "mlflow.parentRunId" in run.data.tags]
    assert [(parent.info.run_name, parent.info.status) for parent in parents] == [("generalization", "FINISHED")]
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parents[0].info.run_id}
    assert sorted((child.data.params["split.name"], child.data.params["seed"]) for child in children) == [
        (split, seed) for split in ("grouped", "random") for seed in ("0", "1")
    ]
    assert "generalization/baselines: 4 of 4 runs done" in output
    assert "SIMULATED DATA - simulated, binary, decision_tree, none, k=53: 2 configurations" in output
    assert "Best first by macro F1 on validation within each data set, task and split" in output
    assert sorted(line.split()[:2] for line in table_in(output)) == [["grouped", "2"], ["random", "2"]]
    note = parents[0].data.tags["mlflow.note.content"]
    assert note.startswith("### generalization/baselines")
    files = mlflow.MlflowClient(project.store).list_artifacts(parents[0].info.run_id, "generalization/baselines")
    assert len(files) == 4


def test_direct_runs_do_not_change_the_folders_of_the_pipeline(swept):
    project, _ = swept
    assert not (project.root / "data").exists()
    assert not (project.root / "reports").exists()
    assert not (project.root / "models").exists()


def test_the_table_at_the_end_has_every_configuration_best_first(swept, runs):
    project, output = swept
    parent, children = runs
    assert "SIMULATED DATA - simulated, binary, random split, lstm, seed 0: 8 configurations" in output
    best_first = sorted(children, key=lambda run: -run.data.metrics["val_macro_f1"])
    expected = [run.data.params["reducer.name"] + run.data.params["k"] for run in best_first]
    assert sorted("".join(line.split()[:2]) for line in table_in(output)) == sorted(expected)
    scores = [float(line.split()[2]) for line in table_in(output)]
    assert scores == sorted(scores, reverse=True)
    (folder,) = (project.root / "multirun").glob("*/*/results")
    assert f"Also: {folder.relative_to(project.root)}/table.csv" in output
    logged = mlflow.MlflowClient(project.store).list_artifacts(parent[0].info.run_id)
    assert {item.path for item in logged} == {path.name for path in folder.iterdir()} == {
        "table.csv", "table.md", "table.tex",
    }  # fmt: skip
    assert parent[0].data.tags["mlflow.note.content"] == (folder / "table.md").read_text().rstrip("\n")
    assert parent[0].info.run_name == "reducer=pca,mi k=2,3,4,10 dataset.records=6000 +4"
    assert table_in(project.module("table", "reducer=pca,mi")) == table_in(output)


def test_runs_in_the_store_and_failed_ones_are_rows_too(project):
    tree = ("-m", *SIMULATED, "model=decision_tree", "tracking.log_model=false", "evaluation.bootstrap=0")
    project.module("train", *tree, "k=2,3")
    output = project.module("train", *tree, "k=3,4,54", "tracking.skip_finished=true", fails=True)
    rows = {line.split()[0]: line for line in table_in(output)}
    assert list(rows)[-1] == "54"
    assert rows["54"].endswith("not run")
    assert "finished" in rows["3"]
    assert "1 of 3 runs were in the store already, under other parents." in output
    (parent,) = [run for run in project.runs() if run.info.run_name.startswith("k=3,4,54")]
    assert parent.info.status == "FAILED"
    again = project.module("table", "k=3,4,54")
    assert sorted(line.split()[0] for line in table_in(again)) == ["3", "4"]


@pytest.mark.parametrize(
    "launcher", [(), ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")], ids=["basic", "joblib"]
)
def test_a_file_that_is_edited_while_a_grid_runs_changes_none_of_its_runs(project, background, launcher):
    output_of_edited(project, background, "train", "-m", "k=2,3,4,10", *launcher)


def test_nor_the_runs_of_the_grids_that_follow(project, background):
    paper = project.root / "conf" / "experiment" / "paper"
    for grid in paper.glob("*.yaml"):
        grid.unlink()
    for k in (2, 3):
        swept = "hydra: {sweeper: {params: {seed: '0,1'}}}"
        (paper / f"grid_{k}.yaml").write_text(f"# @package _global_\nk: {k}\ntracking: {{parent: paper}}\n{swept}\n")
    output = output_of_edited(project, background, "grids", "paper")
    assert "paper: 4 of 4 runs done, best" in output


def output_of_edited(project, background, command, *arguments):
    """Output of a command of four runs whose model is edited during the first."""
    small = (*SIMULATED, "model=decision_tree", "tracking.log_model=false")
    process = background(project.start("python", "-m", f"src.{command}", *arguments, *small))
    wait_for(lambda: project.statuses().count("RUNNING") > 1, "the first run beside its parent")
    model = project.root / "conf" / "model" / "decision_tree.yaml"
    before = model.read_text()
    assert before.count("max_depth: null") == 1
    model.write_text(before.replace("max_depth: null", "max_depth: 3"))
    output, _ = process.communicate()
    assert process.returncode == 0, output
    depths = [run.data.params["model.max_depth"] for run in project.runs() if not run.data.tags.get("multirun")]
    assert depths == ["None"] * 4
    return output


def test_the_store_opens_on_a_view_with_its_columns(swept):
    project, _ = swept
    experiment = mlflow.MlflowClient(project.store).get_experiment_by_name("simulated")
    view = json.loads(experiment.tags[f"mlflow.sharedViewState.{VIEW}"])
    assert "metrics.`accuracy_percent`" in view["selectedColumns"]
    assert "params.`reducer`" in view["selectedColumns"]


# --- in a real headless browser ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """File with the output of the UI's server."""
    return tmp_path_factory.mktemp("ui") / "log"


@pytest.fixture(scope="module")
def ui(swept, log):
    """Address of the runs page, as `make ui` prints it."""
    browser.chromium()  # skips without a browser, before the server starts
    project, _ = swept
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "src.ui", "--port", str(free_port()), "--no-browser"],
            cwd=project.root, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    pattern = re.compile(r"^simulated: (\S+)$", re.MULTILINE)
    try:
        yield wait_for(lambda: pattern.search(log.read_text()), "the UI to start")[1]
    finally:
        server.terminate()
        server.wait(30)


def cells(dom: str, column: str) -> list[str]:
    found = re.findall(rf'<div[^>]*role="gridcell"[^>]*col-id="{re.escape(column)}"[^>]*>(.*?)</div>', dom, re.S)
    texts = [re.sub(r"<[^>]+>", "", one).strip() for one in found]
    return [text for text in texts if text not in ("", "-")]


@pytest.mark.browser
def test_the_table_shows_eight_runs_under_their_parent_with_scores_and_choices(swept, ui):
    """At 1440 pixels nothing is left to scroll to, even beside a scroll bar, and no panel covers the table."""
    dom = browser.dom(ui, (1440, 900))
    shown = [run.info.run_name for run in swept[0].runs()]  # newest first, but for the parent
    assert len(shown) == 9
    places = [dom.index(f">{name}<") for name in [shown[-1], *shown[:-1]]]
    assert places == sorted(places)
    for metric in ("accuracy_percent", "missed_per_10000", "false_alarms_per_10000", "fit_seconds"):
        values = [float(text.rstrip("…")) for text in cells(dom, f"metrics.`{metric}`")]
        assert len(values) == 8, f"{metric}: {values}"
    assert sorted(cells(dom, "params.`k`"), key=int) == ["2", "2", "3", "3", "4", "4", "10", "10"]
    assert sorted(cells(dom, "params.`reducer`")) == ["mi"] * 4 + ["pca"] * 4
    widths = [
        re.search(rf'ag-{part}-cols-container"[^>]*[" ]width: (\d+)px', dom) for part in ("pinned-left", "center")
    ]
    menu, margin, scroll_bar = 222, 32, 15
    assert sum(int(width[1]) for width in widths if width) <= 1440 - menu - margin - scroll_bar
    assert "Ask a question" not in dom
    assert "shared view" not in dom


@pytest.mark.browser
def test_a_narrow_window_shows_the_runs_too(swept, ui):
    said = browser.words(ui, (390, 844))
    assert {run.info.run_name for run in swept[0].runs()} <= set(said)
    assert "Ask a question" not in " ".join(said)


@pytest.mark.browser
def test_eight_runs_can_be_told_apart_in_the_compare_view(runs, ui):
    _, children = runs
    ids, experiments = ([run.info.run_id for run in children], [children[0].info.experiment_id])
    query = f"runs={quote(json.dumps(ids))}&experiments={quote(json.dumps(experiments))}"
    said = browser.words(f"{ui.partition('#')[0]}#/compare-runs?{query}", (2400, 2400))
    axes = said[said.index("Parameters:") + 1 : said.index("Clear All")]
    assert [one for one in axes if one != "Metrics:"] == ["derived.input", "k", "reducer", "test_accuracy"]
    rest = said[said.index("accuracy_percent", said.index("Metrics")) :]  # all names, then the values row by row
    names = list(takewhile(lambda one: one in children[0].data.metrics, rest))
    for metric in ("class_errors_per_10000", "false_alarms_per_10000"):
        start = len(names) + len(children) * names.index(metric)
        shown = rest[start : start + len(children)]
        exact = [run.data.metrics[metric] for run in children]
        assert [float(text) for text in shown] == pytest.approx(exact, abs=0.06)
        assert len(set(shown)) == len(set(exact))


@pytest.mark.browser
def test_the_page_of_a_run_has_its_data_sets_and_headline_scores_first(runs, ui):
    run = runs[1][0]
    address = f"{ui.partition('#')[0]}#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    said = browser.words(address)
    metrics = said[said.index("Metric") :]
    names = [one for one in metrics if one in run.data.metrics]
    assert names[:4] == ["test_accuracy", "accuracy_percent", "class_errors_per_10000", "missed_per_10000"]
    after = said[said.index("Datasets") + 1 : said.index("Tags")]
    assert "simulated-binary-random" in " ".join(after)
    assert "training" in [one.lower() for one in after]
    assert "Model training" in said
    assert "Evaluation runs" not in said  # the menu of language models


@pytest.mark.browser
def test_the_page_of_the_parent_lists_its_runs(runs, ui):
    (parent,), children = runs
    address = f"{ui.partition('#')[0]}#/experiments/{parent.info.experiment_id}/runs/{parent.info.run_id}"
    for width in (1440, 390):
        said = browser.words(address, (width, 1200))
        assert {run.info.run_name for run in children} <= {one.rstrip(",") for one in said}


def test_the_server_prints_two_lines_and_errors(ui, log):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{ui.partition('#')[0]}api/2.0/mlflow/runs/get?run_id=none", timeout=30)
    lines = log.read_text().splitlines()
    assert lines == [f"simulated: {ui}", "Ctrl-C ends it."]


def test_where_the_variable_names_a_server_the_page_is_there(ui, bare_project):
    """No server is started, and the project gets no store."""
    address = ui.partition("#")[0]
    bare_project.env["MLFLOW_TRACKING_URI"] = address
    output = bare_project.module("ui", "--no-browser")
    found = re.search(r"^simulated: (\S+)$", output, re.MULTILINE)
    assert found[1].startswith(f"{address}#/experiments/")
    assert f"viewStateShareKey={VIEW}" in found[1]
    assert not (bare_project.root / "mlruns").exists()


@pytest.mark.browser
def test_a_run_shows_its_confusion_matrix_as_a_picture(swept, ui, tmp_path):
    run = next(run for run in swept[0].runs() if run.data.params.get("reducer.name") == "pca")
    address = ui.partition("#")[0] + f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    address = f"{address}/artifacts/confusion_matrix.png"
    assert 'src="blob:' in browser.dom(address)
    browser.screenshot(address, tmp_path / "page.png")
    picture = np.asarray(Image.open(tmp_path / "page.png").convert("RGB"))
    uri = f"runs:/{run.info.run_id}/confusion_matrix.png"
    logged = Image.open(mlflow.artifacts.download_artifacts(uri, tracking_uri=swept[0].store)).convert("RGB")
    counted = sorted(((count, color) for count, color in logged.getcolors(1 << 24)), reverse=True)
    cell = next(color for count, color in counted if min(color) < 200)  # the flat color of the largest dark cells
    painted = np.abs(picture.astype(int) - cell).max(axis=2) <= 3
    assert painted.sum() > 5_000, f"the picture's cells, {cell}, are not on the page"


def test_the_logged_pictures_are_whole(swept):
    for name in ("confusion_matrix", "roc", "attack_recall"):
        for path in Path(swept[0].root / "mlruns").rglob(f"{name}.png"):
            with Image.open(path) as image:
                image.load()
                assert image.width > 500
