"""Finished runs, found by the fingerprint of their config."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.pipeline.fingerprint import of_run
from src.tracking.store import UI_ADDRESS, open_store, store_uri
from src.utils.paths import in_dvc_stage


@dataclass(frozen=True)
class FinishedRun:
    """Run that was trained and evaluated.

    Attributes:
        current: True if it ran with the code and the libraries that are installed now.
    """

    id: str
    experiment_id: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    current: bool

    def files(self) -> Path:
        """Folder with the artifacts of the run: that of a local store, or a copy of a remote one."""
        return Path(open_store(None).artifacts.download_artifacts(run_id=self.id, artifact_path=""))

    @property
    def page(self) -> str:
        """Address of the run in the UI that `make ui` starts."""
        return f"{UI_ADDRESS}/#/experiments/{self.experiment_id}/runs/{self.id}"


class FinishedRuns:
    """Lookup of finished runs by their config, for one report or multirun: it opens the store once per experiment."""

    def __init__(self) -> None:
        self._opened: dict[tuple[str, str], tuple[Any, str]] = {}  # client and id of each experiment, by store and name

    def already_done(self, config: Mapping[str, Any]) -> FinishedRun | None:
        """Current run of this config, which makes another needless; None unless `tracking.skip_finished` is true.

        A DVC stage has files to write, so that it always runs.
        """
        if not config["tracking"]["skip_finished"] or in_dvc_stage():
            return None
        found = self.find(config)
        return found if found and found.current else None

    def find(self, config: Mapping[str, Any]) -> FinishedRun | None:
        """Newest run of exactly this config that was trained and evaluated; runs of the current code go first.

        Raises:
            ValueError: the address is not that of a store, or the experiment was deleted.
            StoreAwayError: the store does not answer.
        """
        fingerprint = of_run(config)
        client, experiment_id = self._open(config["tracking"]["experiment"])
        runs = client.search_runs(
            [experiment_id], f"attributes.status = 'FINISHED' and tags.`fingerprint.config` = '{fingerprint['config']}'"
        )
        found = [
            FinishedRun(
                run.info.run_id,
                experiment_id,
                run.data.params,
                run.data.metrics,
                run.data.tags.get("fingerprint.code") == fingerprint["code"],
            )
            for run in runs
            if "test_accuracy" in run.data.metrics
        ]
        return max(found, key=lambda run: run.current, default=None)  # the first, hence newest, of several current runs

    def _open(self, experiment: str) -> tuple[Any, str]:
        """Client of the store that the environment names, and the id of an experiment in it."""
        place = (store_uri(), experiment)
        if place not in self._opened:
            mlflow = open_store(experiment)
            self._opened[place] = mlflow.MlflowClient(), mlflow.get_experiment_by_name(experiment).experiment_id
        return self._opened[place]
