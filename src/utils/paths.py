"""Where files lie. dvc.yaml names the same places; a test holds the two together."""

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FURTHER_TESTS = "further_tests"


@dataclass(frozen=True)
class Workspace:
    """The folders of one root: the project's own, or those of a single direct run."""

    root: Path

    def raw(self, dataset: str) -> Path:
        return self.root / "data" / "raw" / dataset

    def preprocessed(self, dataset: str) -> Path:
        return self.root / "data" / "preprocessed" / dataset

    @property
    def sampled(self) -> Path:
        return self.root / "data" / "sampled"

    @property
    def reduced(self) -> Path:
        return self.root / "data" / "reduced"

    @property
    def detector(self) -> Path:
        return self.root / "models" / "detector"

    @property
    def run_note(self) -> Path:
        """Which MLflow run trained the detector, and its metrics so far."""
        return self.root / "models" / "run.json"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def further_tests(self) -> Path:
        """Reports of the test parts beside `test`, a folder each."""
        return self.reports / FURTHER_TESTS


def in_dvc_stage() -> bool:
    """Whether DVC started this process: only then are its outputs written."""
    return "DVC_STAGE" in os.environ


def project() -> Workspace:
    """Where the stages' outputs are read from."""
    return Workspace(PROJECT)


def stores() -> Path:
    """The folder of the project's databases: the real project's, also in a copy that DVC runs an experiment in."""
    return Path(os.environ.get("DVC_ROOT") or PROJECT) / "mlruns"


def output() -> Workspace:
    """Where this process writes: DVC's outputs in a DVC stage, else the folder Hydra made for the run."""
    if in_dvc_stage():
        return Workspace(PROJECT)
    from hydra.core.hydra_config import HydraConfig

    return Workspace(Path(HydraConfig.get().runtime.output_dir))
