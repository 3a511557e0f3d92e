"""Finds the runs of the grids in conf/experiment in the store and writes the report on them."""

from collections.abc import Callable, Sequence
from functools import cache

from omegaconf import OmegaConf

from src.config.build import build
from src.config.jobs import grids, jobs_with_recipes
from src.config.settings import Settings
from src.reports.report import Report
from src.reports.runs import Configuration, Results, Run
from src.tracking.finished_runs import FinishedRun, FinishedRuns
from src.tracking.multirun.seed_groups import group_by_seed
from src.tracking.parents import log_to_parent
from src.utils.paths import project


def collect_and_write(name: str, report: Callable[[Results], Report], overrides: Sequence[str]) -> None:
    """Find the runs of a report's grids and write reports/<name>. Missing runs are listed in the report.

    Args:
        report: Makes the report from the runs.
        overrides: Overrides of the command line; Hydra must be initialized.
    """
    stored = FinishedRuns()
    found = tuple(one for grid in grids(name) for one in _configurations(grid, overrides, stored))
    first = settings(found[0])
    written = report(Results(found, first.dataset.simulated))
    folder = project().reports / name
    written.write(folder)
    log_to_parent(first, folder, "report")
    print(f"{len(written.results.runs)} of {written.results.asked} runs: {folder / 'index.html'}")


def settings(configuration: Configuration) -> Settings:
    """Return the checked settings of a configuration, with any of its seeds."""
    return build(OmegaConf.create(dict(configuration.config)))


def _configurations(grid: str, overrides: Sequence[str], stored: FinishedRuns) -> list[Configuration]:
    jobs = jobs_with_recipes([f"+experiment={grid}", *overrides])
    recipes = {(job.model.name, job.task.name): recipe for job, recipe in jobs}
    found = []
    for group in group_by_seed([job for job, _ in jobs]):
        runs = {seed: _run(run) for seed, config in group.items() if (run := stored.find(config))}
        config = next(iter(group.values()))
        recipe = recipes[config["model"]["name"], config["task"]["name"]]
        found.append(Configuration(grid, config, tuple(group), runs, recipe))
    return found


def _run(run: FinishedRun) -> Run:
    return Run(run.id, run.metrics, run.params, cache(run.files), run.page, run.current)
