"""Runs that fail, are killed, or start at once: no run stays RUNNING, nothing is lost."""

import os
import signal

import psutil
import pytest

from src.tracking.processes import process_tag
from tests.e2e.conftest import SIMULATED, wait_for

LONG = ("training.epochs=100000", "training.patience=null", "tracking.log_model=false")


def wait_for_the_fit(process):
    """Read the output of a command until its progress bar appears, which shows that the fit has begun."""
    shown = ""
    while "val_accuracy" not in shown:
        shown += process.stdout.read(20) or pytest.fail(f"the run ended: {shown}")


def test_a_killed_run_is_marked_killed(project, background):
    process = background(project.start("python", "-m", "src.train", *SIMULATED, *LONG, "training.progress=true"))
    wait_for_the_fit(process)
    assert project.statuses() == ["RUNNING"]
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert project.statuses() == ["KILLED"], f"ended with {process.returncode}: {output}"


@pytest.mark.integration
def test_a_grid_whose_worker_dies_is_not_finished_and_the_next_command_closes_its_run(project, background):
    workers = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "evaluation.bootstrap=0")
    command = ("python", "-m", "src.train", "-m", *SIMULATED, *LONG, "model=decision_tree,lstm", *workers)
    process = background(project.start(*command))
    wait_for(lambda: sorted(project.statuses()) == ["FINISHED", "RUNNING", "RUNNING"], "the tree and the network")
    (network,) = [run for run in project.runs() if run.data.params.get("model") == "lstm"]
    processes = {process_tag(one): one for one in psutil.Process(process.pid).children(recursive=True)}
    processes[network.data.tags["process"]].kill()
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0, output
    (parent,) = [run for run in project.runs() if run.data.tags.get("multirun")]
    assert parent.info.status in ("FAILED", "KILLED"), output
    project.module("table")
    assert sorted(project.statuses()) == sorted(["FINISHED", "KILLED", parent.info.status])


@pytest.mark.integration
def test_a_diverging_fit_fails_with_its_epoch_and_its_reason(project):
    output = project.module(
        "train", *SIMULATED, "training.optimizer=sgd", "training.learning_rate=3e38", "training.warmup_epochs=0",
        "training.schedule=constant", fails=True,
    )  # fmt: skip
    assert "epoch 1 of 30" in output
    assert "training.learning_rate=3e+38" in output
    assert project.statuses() == ["FAILED"]


@pytest.mark.integration
def test_two_first_runs_at_once_both_succeed(bare_project, background):
    project = bare_project
    command = ("python", "-m", "src.train", *SIMULATED, "model=decision_tree", "tracking.log_model=false")
    both = [background(project.start(*command, f"seed={seed}")) for seed in (0, 1)]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted(run.data.params["seed"] for run in project.runs()) == ["0", "1"]
    assert {run.info.status for run in project.runs()} == {"FINISHED"}


@pytest.mark.integration
def test_a_wrong_value_fails_before_any_run_is_made(bare_project):
    project = bare_project
    output = project.module("train", *SIMULATED, "k=54", fails=True)
    assert "k=54: expected a whole number from 1 to 53" in output
    assert not (project.root / "mlruns").exists()


@pytest.mark.integration
def test_quarantined_records_are_counted_in_the_run(project):
    mirror = project.root / "mirror"
    raw = project.module("download", *SIMULATED, "hydra.run.dir=made")
    assert "rror" not in raw
    import gzip

    text = gzip.decompress((project.root / "made/data/raw/simulated/train.gz").read_bytes())
    test = gzip.decompress((project.root / "made/data/raw/simulated/test.gz").read_bytes())
    lines = text.split(b"\n")
    lines[10] = lines[10].replace(b",", b",,", 1)
    (mirror / "kddcup99").mkdir(parents=True)
    for name, content in (("kddcup.data_10_percent.gz", b"\n".join(lines)), ("corrected.gz", test)):
        (mirror / "kddcup99" / name).write_bytes(gzip.compress(content))
    project.env["IDS_DATA_MIRROR"] = str(mirror)
    pinned = [
        "dataset.train.sha256=null", "dataset.train.records=6000", "dataset.test.sha256=null",
        "dataset.train.size=null", "dataset.test.size=null",
        "dataset.test.records=1000", "model=decision_tree", "tracking.log_model=false",
    ]  # fmt: skip
    output = project.module("train", *pinned, fails=True)
    assert "line 11, column (record): found '43 fields', expected 42 fields" in output
    project.module("train", *pinned, "preprocess.on_bad_record=quarantine")
    newest = project.runs("kdd99_10pct")[0]
    assert newest.data.params["derived.quarantined"] == "1"
    assert newest.data.params["derived.source_records"] == "5999"


@pytest.mark.integration
def test_without_any_mirror_the_message_names_all_mirrors_and_what_to_do(project):
    project.env["IDS_DATA_MIRROR"] = str(project.root / "nowhere")
    urls = "[http://127.0.0.1:9/a.gz]"
    output = project.module("train", f"dataset.train.urls={urls}", "model=decision_tree", fails=True)
    assert f"{project.root / 'nowhere'}{os.sep}kddcup99{os.sep}kddcup.data_10_percent.gz" in output
    assert "http://127.0.0.1:9/a.gz" in output
    assert "dataset=simulated" in output
