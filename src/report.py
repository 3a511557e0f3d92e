"""The paper beside our runs: `python -m src.report` writes reports/paper/index.html and README.md from the store."""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from src.build import Settings, build
from src.entry import entry_point
from src.grid import jobs_with_recipes
from src.pipeline import Walk
from src.reproduction.report import Report
from src.reproduction.results import Cell, Result, Results
from src.tracking.finished import FinishedRun, find_finished
from src.tracking.runs import log_to_parent
from src.workspace import PROJECT, project

GRIDS = sorted(path.stem for path in (PROJECT / "conf" / "experiment").glob("paper_*.yaml"))


@entry_point()
def main(cfg: DictConfig) -> None:
    """Find the runs of the paper's grid, whatever is there of them, and write the report."""
    given = list(HydraConfig.get().overrides.task)
    jobs = [job for grid in GRIDS for job in jobs_with_recipes([f"+experiment={grid}", *given])]
    settings = [build(job) for job, _ in jobs]
    wanted = {_cell(one): one.config for one in settings}  # the grids overlap
    found = {cell: _result(cell, run) for cell, config in wanted.items() if (run := find_finished(config))}
    first = settings[0]
    report = Report(
        Results(tuple(wanted), found, first.dataset.simulated),
        first.dataset.name,
        Walk(first, project()).preprocessed[1]["attacks"],
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


if __name__ == "__main__":
    main()
