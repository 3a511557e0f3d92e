"""Runs that are done: found again by what they were made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.pipeline.fingerprint import of_run
from src.tracking.store import UI_ADDRESS, open_store
from src.utils.paths import in_dvc_stage


@dataclass(frozen=True)
class FinishedRun:
    """A run that was trained and evaluated.

    Attributes:
        current: Whether it ran on the code and the libraries as they are now.
    """

    id: str
    experiment_id: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    current: bool

    def files(self) -> Path:
        """A folder with its artifacts: the store's own where that is local, else a copy."""
        return Path(open_store(None).artifacts.download_artifacts(run_id=self.id, artifact_path=""))

    @property
    def page(self) -> str:
        """Its page in the UI that `make ui` starts."""
        return f"{UI_ADDRESS}/#/experiments/{self.experiment_id}/runs/{self.id}"


def already_done(config: Mapping[str, Any]) -> FinishedRun | None:
    """The run that makes another of this config needless, where `tracking.skip_finished` says to look for it.

    A DVC stage has files to write, so it always runs.
    """
    if not config["tracking"]["skip_finished"] or in_dvc_stage():
        return None
    found = find_finished(config)
    return found if found and found.current else None


def find_finished(config: Mapping[str, Any]) -> FinishedRun | None:
    """The newest run of exactly this config that was trained and evaluated; one of the current code goes first."""
    fingerprint = of_run(config)
    mlflow = open_store(config["tracking"]["experiment"])
    experiment_id = mlflow.get_experiment_by_name(config["tracking"]["experiment"]).experiment_id
    runs = mlflow.MlflowClient().search_runs(
        [experiment_id], f"attributes.status = 'FINISHED' and tags.`fingerprint.config` = '{fingerprint['config']}'"
    )
    found = [
        FinishedRun(
            run.info.run_id,
            experiment_id,
            run.data.params,
            run.data.metrics,
            run.data.tags["fingerprint.code"] == fingerprint["code"],
        )
        for run in runs
        if "test_accuracy" in run.data.metrics
    ]
    return max(found, key=lambda run: run.current, default=None)  # the first of equals, and they come newest first
