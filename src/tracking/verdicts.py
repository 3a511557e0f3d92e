"""The kept verdicts of a run, found by its id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from src.evaluation.verdicts import verdicts_file
from src.tracking.store import open_store
from src.utils.paths import FURTHER_TESTS

# What decides which records a test part has, and which class each is.
_DECISIVE = ("dataset.name", "split.name", "task.name", "seed", "preprocess.on_bad_record")


@dataclass(frozen=True)
class KeptVerdicts:
    """Where the verdicts of a run lie.

    Attributes:
        run: As it was asked for.
        caption: Which data, protocol and model.
        params: Of the run; none of a folder.
    """

    run: str
    path: Path
    caption: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.caption} ({self.run})" if self.caption else self.run


def find_verdicts(run: str, part: str) -> KeptVerdicts:
    """The verdicts of a run on one test part.

    Args:
        run: Id of a run, or a folder with its reports.
    Raises:
        ValueError: there are none.
    """
    place = Path(verdicts_file(part))
    if part != "test":
        place = Path(FURTHER_TESTS, part, place)
    folder = Path(run)
    if folder.is_dir():
        if not (folder / place).is_file():
            raise ValueError(f"{folder}: found no {place} in it, expected the reports of a run that was evaluated")
        return KeptVerdicts(run, folder / place, "")
    mlflow = open_store(None)
    try:
        found = mlflow.get_run(run)
        path = Path(mlflow.artifacts.download_artifacts(f"runs:/{run}/{place.as_posix()}"))
    except (mlflow.exceptions.MlflowException, OSError) as error:
        raise ValueError(
            f"{run!r}: found neither such a folder nor a run with {place.as_posix()} in {mlflow.get_tracking_uri()} "
            f"({getattr(error, 'message', error)}); expected the id of a run (make ui shows them) that was evaluated "
            "by this version"
        ) from None
    return KeptVerdicts(run, path, found.data.tags.get("mlflow.note.content", ""), found.data.params)


def differing(one: KeptVerdicts, other: KeptVerdicts) -> str:
    """Which choices of two runs make their test parts differ, to be put behind an error; nothing if none is known."""
    unlike = [
        f"{key}={one.params[key]} and {other.params[key]}"
        for key in _DECISIVE
        if key in one.params and key in other.params and one.params[key] != other.params[key]
    ]
    return f"; the runs have {', '.join(unlike)}" if unlike else ""
