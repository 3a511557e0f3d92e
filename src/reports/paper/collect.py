"""From the paper's grids to the runs that the store has of them, and to the report on these."""

from collections.abc import Sequence

from src.config.build import build
from src.config.jobs import jobs_with_recipes
from src.config.settings import Settings
from src.pipeline.stage_outputs import StageOutputs
from src.reports.collect import grids
from src.reports.paper.report import Report
from src.reports.paper.results import Cell, Result, Results
from src.tracking.finished_runs import FinishedRun, find_finished
from src.tracking.parents import log_to_parent
from src.utils.paths import project


def write_paper_report(given: Sequence[str]) -> None:
    """Find the runs of the paper's grids, whatever is there of them, and write reports/paper.

    Args:
        given: Overrides of the command line; Hydra must be initialized.
    """
    jobs = [job for grid in grids("paper") for job in jobs_with_recipes([f"+experiment={grid}", *given])]
    settings = [build(job) for job, _ in jobs]
    wanted = {_cell(one): one.config for one in settings}  # the grids overlap
    found = {cell: _result(cell, run) for cell, config in wanted.items() if (run := find_finished(config))}
    first = settings[0]
    report = Report(
        Results(tuple(wanted), found, first.dataset.simulated),
        first.dataset.name,
        StageOutputs(first, project()).training_file.findings["attacks"],
        [task for _, task in sorted({one.task.name: one.task for one in settings}.items())],
        first.scale,
        {(job.model.name, job.task.name): recipe for job, recipe in jobs},
    )
    folder = project().reports / "paper"
    report.write(folder)
    log_to_parent(first, folder, "report")
    print(f"{len(found)} of {len(wanted)} runs: {folder / 'index.html'}")


def _cell(one: Settings) -> Cell:
    return Cell(one.task.name, one.config["reducer"]["name"], one.k, one.config["model"]["name"], one.seed)


def _result(cell: Cell, run: FinishedRun) -> Result:
    return Result(cell, run.id, run.metrics, run.params, run.files(), run.page, run.current)
