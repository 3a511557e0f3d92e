"""Grids of a report: multiruns that run one after the other under one parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omegaconf import DictConfig

from src.tracking.finished_runs import FinishedRuns
from src.tracking.multirun.progress import MultirunProgress, PlannedJob
from src.tracking.parents import find_parent
from src.tracking.store import open_store


@dataclass(frozen=True)
class Grids:
    """Grids, and what is left to run of them.

    Attributes:
        progress: Progress over all jobs.
        left: Names of the grids to run.
    """

    progress: MultirunProgress
    left: tuple[str, ...]

    @classmethod
    def of(cls, report: str, configs: Mapping[str, Sequence[DictConfig]]) -> "Grids":
        """Look for the runs of some grids in the store.

        A grid is left out if the store has each of its runs. Not so after an interruption: the summary of a grid may be
        missing then, which its multirun writes at its end.

        Args:
            configs: Config of each job, by the name of its grid.
        """
        stored = FinishedRuns()
        planned = {grid: [PlannedJob.of(config, stored) for config in jobs] for grid, jobs in configs.items()}
        tracking = next(iter(configs.values()))[0].tracking
        ended_well = _ended_well(tracking.experiment, tracking.parent)
        left = [grid for grid, jobs in planned.items() if not (ended_well and all(job.in_store for job in jobs))]
        return cls(MultirunProgress(report, planned), tuple(left))


def _ended_well(experiment: str, parent: str | None) -> bool:
    """Tell whether the store has the parent of that name as FINISHED."""
    found = find_parent(experiment, parent) if parent else None
    return bool(found and open_store(None).get_run(found).info.status == "FINISHED")
