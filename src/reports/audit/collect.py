"""Runs an audit of the data of a config, and writes and logs its report."""

import sys
from collections.abc import Sequence

from src.config.settings import Settings
from src.evaluation.audit.findings import metrics
from src.pipeline.audited import audited
from src.pipeline.stage_outputs import StageOutputs
from src.reports.audit.page import AuditReport
from src.tracking.audits import log_audit
from src.utils.paths import Workspace


def audit_and_write(settings: Settings, overrides: Sequence[str], made: Workspace, out: Workspace) -> None:
    """Audit the data, write reports/audit, log it to MLflow, and print a line for each finding.

    Args:
        settings: Checked config.
        overrides: Overrides of the command line.
        made: Workspace in which the stages may have left files.
        out: Workspace of the outputs.
    """
    config = settings.config
    facts = {"split": config["split"]["name"], "task": config["task"]["name"], "seed": settings.seed}
    name = config["dataset"]["name"]
    report = AuditReport(
        name,
        " ".join(["python -m src.audit", *overrides]),
        facts,
        audited(settings, StageOutputs(settings, made)),
        settings.dataset.simulated,
    )
    folder = out.reports / "audit"
    report.write(folder)
    run_id = log_audit(
        config["tracking"]["experiment"],
        f"audit of {name}",
        {"dataset": name, **facts},
        {"simulated": str(settings.dataset.simulated).lower(), "mlflow.note.content": report.summary},
        metrics(report.findings),
        folder,
    )
    print("\n".join([*report.lines(color=sys.stdout.isatty()), f"{folder / 'README.md'}, MLflow run {run_id[:8]}"]))
