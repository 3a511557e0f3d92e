"""From the grids of conf/experiment to the runs that the store has of them, and to the reports on these."""

from collections.abc import Callable, Sequence

from omegaconf import OmegaConf

from src.config.build import build
from src.config.jobs import jobs
from src.reports.grid_report import GridReport
from src.reports.runs import Entry, Results, Run
from src.tracking.finished_runs import FinishedRun, find_finished
from src.tracking.parents import log_to_parent
from src.tracking.seed_groups import group_by_seed
from src.utils.paths import PROJECT, project


def grids(report: str) -> list[str]:
    """Names of the grids that a report reads, the files of conf/experiment/<report>."""
    return sorted(f"{report}/{path.stem}" for path in (PROJECT / "conf" / "experiment" / report).glob("*.yaml"))


def write_grid_report(name: str, report: Callable[[Results], GridReport], given: Sequence[str]) -> None:
    """Find the runs of the grids of a report, whatever is there of them, and write reports/<name>.

    Args:
        given: Overrides of the command line; Hydra must be initialized.
    """
    entries = tuple(entry for grid in grids(name) for entry in _entries(grid, given))
    first = build(OmegaConf.create(dict(entries[0].config)))
    folder = project().reports / name
    report(Results(entries, first.dataset.simulated)).write(folder)
    log_to_parent(first, folder, "report")
    found = sum(len(entry.runs) for entry in entries)
    print(f"{found} of {sum(len(entry.seeds) for entry in entries)} runs: {folder / 'index.html'}")


def _entries(grid: str, given: Sequence[str]) -> list[Entry]:
    found = []
    for group in group_by_seed(jobs([f"+experiment={grid}", *given])):
        runs = {seed: _run(run) for seed, config in group.configs.items() if (run := find_finished(config))}
        found.append(Entry(grid, next(iter(group.configs.values())), tuple(group.configs), runs))
    return found


def _run(run: FinishedRun) -> Run:
    return Run(run.metrics, run.params, run.files, run.current)
