"""The MLflow UI in a real headless browser."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest
from PIL import Image

from tests import browser
from tests.e2e.conftest import wait_for

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ui(swept, tmp_path_factory):
    """The address of the runs page, as `make ui` prints it."""
    browser.chromium()  # without one, nothing needs to start
    project, _ = swept
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("ui") / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "src.ui", "--port", str(port), "--no-browser"],
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


def test_the_runs_show_with_metrics_and_parameters_without_a_click(swept, ui):
    dom = browser.dom(ui)
    shown = {run.info.run_name for run in swept[0].runs() if "mlflow.parentRunId" in run.data.tags}
    assert len(shown) == 8
    assert all(name in dom for name in shown)
    for metric in ("test_accuracy", "test_f1", "fit_seconds"):
        values = [float(text) for text in cells(dom, f"metrics.`{metric}`")]
        assert len(values) == 8, f"{metric}: {values}"
    assert sorted(cells(dom, "params.`k`"), key=int) == ["2", "2", "3", "3", "4", "4", "10", "10"]
    assert sorted(cells(dom, "params.`reducer.name`")) == ["mi"] * 4 + ["pca"] * 4


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
    cell = next(color for count, color in counted if min(color) < 200)  # the flat colour of the largest dark cells
    painted = np.abs(picture.astype(int) - cell).max(axis=2) <= 3
    assert painted.sum() > 5_000, f"the picture's cells, {cell}, are not on the page"


def test_the_logged_pictures_are_whole(swept):
    for name in ("confusion_matrix", "roc", "attack_recall"):
        for path in Path(swept[0].root / "mlruns").rglob(f"{name}.png"):
            with Image.open(path) as image:
                image.load()
                assert image.width > 500
