"""The audit as a user runs it, on simulated records and on the published files."""

import json
import re

import mlflow
import pytest

from tests.e2e.conftest import SIMULATED, Project

pytestmark = pytest.mark.integration


def test_an_audit_writes_its_page_and_json_and_logs_them_with_its_numbers(project: Project) -> None:
    printed = project.module("audit", *SIMULATED[:3], "split=grouped")
    (folder,) = project.root.glob("outputs/*/*/reports/audit")
    found = json.loads((folder / "audit.json").read_text())
    assert re.match(r"(red|yellow)", printed)
    assert "\033" not in printed  # no terminal
    assert printed.count("\n") == len(found["findings"]) + 2
    assert found["simulated"]
    page = (folder / "README.md").read_text()
    assert f"python -m src.audit {' '.join(SIMULATED[:3])} split=grouped" in page
    assert "**SIMULATED DATA.**" in page
    by_name = {(one["check"], one["part"]): one for one in found["findings"]}
    assert by_name["shared", "split"]["level"] == "green"  # split=grouped keeps copies together
    assert by_name["copies", "train"]["level"] == "red"  # KDD99's copies
    assert by_name["classes", "train"]["numbers"]["records"] == 6000

    (run,) = project.runs("simulated-audit")
    assert project.runs("simulated") == []
    assert run.info.status == "FINISHED"
    assert run.data.metrics["findings_red"] == found["levels"]["red"]
    assert run.data.metrics["classes.train.records"] == 6000
    assert run.data.params["split"] == "grouped"
    files = mlflow.MlflowClient(project.store).list_artifacts(run.info.run_id, "audit")
    assert {one.path for one in files} == {"audit/README.md", "audit/index.html", "audit/audit.json"}
