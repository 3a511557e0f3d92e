"""Verdicts on the test records, kept by runs and found by run id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import ModuleType

from src.evaluation.comparison import check_pairs
from src.evaluation.verdicts import VERDICTS, Verdicts, verdicts_place
from src.tracking.find_runs import find_run
from src.tracking.store import open_store
from src.utils.paths import FURTHER_TESTS

# Values that decide which records a test part has, and the class of each.
_DECISIVE = (
    "dataset.name",
    "split.name",
    "task.name",
    "seed",
    "seeds.sampling",
    "seeds.split",
    "preprocess.on_bad_record",
)


@dataclass(frozen=True)
class KeptVerdicts:
    """File with the verdicts of a run.

    Attributes:
        run: Id or folder that was asked for.
        caption: Data, protocol and model; empty for a folder.
        params: Parameters of the run; none for a folder.
    """

    run: str
    path: Path
    caption: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.caption} ({self.run})" if self.caption else self.run


def find_verdicts(run: str, part: str) -> KeptVerdicts:
    """Find the verdicts of a run on one test part.

    Args:
        run: Id of a run, its first digits, name of a run, or folder with its reports.
        part: Name of the test part.
    Raises:
        ValueError: no verdicts are found there, or several runs have this name.
    """
    place = verdicts_place(part)
    folder = Path(run)
    if folder.is_dir():
        if not (folder / place).is_file():
            raise ValueError(f"{folder}: found no {place} in it, expected the reports of a run that was evaluated")
        return KeptVerdicts(run, folder / place, "")
    run = find_run(run).id
    mlflow = open_store(None)
    try:
        found = mlflow.get_run(run)
        path = Path(mlflow.artifacts.download_artifacts(f"runs:/{run}/{place.as_posix()}"))
    except (mlflow.exceptions.MlflowException, OSError) as error:
        if parts := _parts(mlflow, run):
            raise ValueError(f"run {run}: found no test part {part}, expected one of {', '.join(parts)}") from None
        raise ValueError(
            f"run {run}: found no {place.as_posix()} in {mlflow.get_tracking_uri()} "
            f"({getattr(error, 'message', error)}); expected a run that was evaluated by this version, not a parent"
        ) from None
    tags = found.data.tags
    # earlier runs have no such tag: their description was the caption
    caption = tags.get("caption") or tags.get("mlflow.note.content", "")
    return KeptVerdicts(run, path, caption, found.data.params)


def _parts(mlflow: ModuleType, run: str) -> list[str]:
    """Return the names of the test parts of which a run keeps verdicts; none if the store does not answer."""
    try:
        folders = ("", *(f"{FURTHER_TESTS}/{path.name}" for path in _artifacts(mlflow, run, FURTHER_TESTS)))
        names = {path.name for folder in folders for path in _artifacts(mlflow, run, folder)}
    except (mlflow.exceptions.MlflowException, OSError):
        return []
    return sorted(name.removesuffix(VERDICTS) for name in names if name.endswith(VERDICTS))


def _artifacts(mlflow: ModuleType, run: str, folder: str) -> list[PurePosixPath]:
    found = mlflow.artifacts.list_artifacts(run_id=run, artifact_path=folder or None)
    return [PurePosixPath(one.path) for one in found]


def read_comparable(found: Sequence[KeptVerdicts]) -> list[Verdicts]:
    """Read the verdicts of runs that are to be compared with the first of them.

    Raises:
        ValueError: a run has other records or classes than the first; names both, and the choices in which they differ.
    """
    verdicts = [Verdicts.read(one.path) for one in found]
    for one, read in zip(found[1:], verdicts[1:], strict=True):
        try:
            check_pairs(verdicts[:1], [read])
        except ValueError as error:
            raise ValueError(f"{found[0].run} and {one.run}: {error}{_differing(found[0], one)}") from None
    return verdicts


def _differing(one: KeptVerdicts, other: KeptVerdicts) -> str:
    """Text for the end of an error: choices of two runs that make their test parts differ; empty if none is known."""
    unlike = [
        f"{key}={one.params[key]} and {other.params[key]}"
        for key in _DECISIVE
        if key in one.params and key in other.params and one.params[key] != other.params[key]
        # the seed of a draw that is that of the run says nothing new
        if not (key.startswith("seeds.") and all(run.params[key] == run.params.get("seed") for run in (one, other)))
    ]
    return f"; the runs have {', '.join(unlike)}" if unlike else ""
