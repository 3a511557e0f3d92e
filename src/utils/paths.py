"""Paths of all files that the project writes; a test shows that dvc.yaml has the same."""

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FURTHER_TESTS = "further_tests"
PREPARED_VARIABLE = "IDS_PREPARED"


@dataclass(frozen=True)
class Workspace:
    """Folders below one root: that of the project, or that of a single direct run."""

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
        """Record of the training: the MLflow run, and its metrics so far."""
        return self.root / "models" / "run.json"

    @property
    def unlogged(self) -> Path:
        """Data that MLflow lacks of a run whose store went away: `python -m src.log_runs` logs them."""
        return self.root / "models" / "unlogged.json"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def further_tests(self) -> Path:
        """Folder with one folder for each test part beside `test`."""
        return self.reports / FURTHER_TESTS


def shown_path(path: Path) -> str:
    """Path for a message: relative to the working directory if it is below that, otherwise as it is.

    >>> shown_path(Path.cwd() / "reports" / "paper"), shown_path(Path("/elsewhere/reports"))
    ('reports/paper', '/elsewhere/reports')
    """
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def in_dvc_stage() -> bool:
    """Tell whether DVC started this process; only then are its outputs written."""
    return "DVC_STAGE" in os.environ


def in_multirun() -> bool:
    """Tell whether Hydra runs this job as one of several."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    return HydraConfig.get().mode == RunMode.MULTIRUN


def experiment_in_copy() -> str | None:
    """Name of the DVC experiment that runs in a copy of the project, which DVC removes; None outside of a copy."""
    root = os.environ.get("DVC_ROOT")
    return os.environ.get("DVC_EXP_NAME") if root and Path(root).resolve() != PROJECT else None


def project() -> Workspace:
    """Workspace that the outputs of the stages are read from."""
    return Workspace(PROJECT)


def prepared() -> list[Workspace]:
    """Workspaces that a multirun has filled with preprocessed files for its jobs; none outside of one."""
    folder = os.environ.get(PREPARED_VARIABLE)
    return [Workspace(path) for path in sorted(Path(folder).glob("*"))] if folder else []


def stores() -> Path:
    """Folder of the databases: that of the real project, even in a copy in which DVC runs an experiment."""
    return Path(os.environ.get("DVC_ROOT") or PROJECT) / "mlruns"


def output() -> Workspace:
    """Workspace that this process writes to: the project in a DVC stage, else the folder that Hydra made."""
    if in_dvc_stage():
        return Workspace(PROJECT)
    from hydra.core.hydra_config import HydraConfig

    return Workspace(Path(HydraConfig.get().runtime.output_dir))
