"""The MLflow UI after the demo: what a newcomer sees first. (The UI on a grid is in tests/e2e/test_multirun.py.)"""

import re
import subprocess
import sys

import mlflow
import pytest

from tests import browser
from tests.e2e.conftest import SIMULATED, wait_for
from tests.servers import free_port

pytestmark = [pytest.mark.integration, pytest.mark.browser]


def test_after_the_demo_the_ui_opens_on_its_run(project, tmp_path):
    """The experiment of the real data, which has no run, is not made."""
    browser.chromium()
    project.env["DVC_EXP_NAME"] = "demo"
    project.module("train", *SIMULATED, "model=decision_tree", "tracking.log_model=false", "evaluation.bootstrap=100")
    (run,) = project.runs()
    log = tmp_path / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "src.ui", "--port", str(free_port()), "--no-browser"],
            cwd=project.root, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        page = wait_for(lambda: re.search(r"^simulated: (\S+)$", log.read_text(), re.MULTILINE), "the UI to start")[1]
        for size in ((1440, 900), (390, 844)):
            said = browser.words(page, size)
            assert run.info.run_name in said
            assert "No runs logged" not in " ".join(said)
        assert f"{run.data.metrics['accuracy_percent']:g}" in browser.words(page)
    finally:
        server.terminate()
        server.wait(30)
    assert log.read_text().count("\n") == 2
    assert mlflow.MlflowClient(project.store).get_experiment_by_name("kdd99_10pct") is None
