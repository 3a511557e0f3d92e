"""What scores mean on unseen traffic: `python -m src.honest` writes reports/honest/index.html from the store."""

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from src.build import WHITELIST, build
from src.generalisation.report import Report
from src.generalisation.results import Entry, Results, Run
from src.grid import jobs
from src.seeds import groups
from src.tracking.finished import FinishedRun, find_finished
from src.tracking.runs import log_to_parent
from src.workspace import PROJECT, project

GRIDS = sorted(path.stem for path in (PROJECT / "conf" / "experiment").glob("honest_*.yaml"))


@hydra.main(config_path="../conf", config_name="config", execution_whitelist=WHITELIST)
def main(cfg: DictConfig) -> None:
    """Find the runs of the grids, whatever is there of them, and write the report."""
    given = list(HydraConfig.get().overrides.task)
    entries = tuple(entry for grid in GRIDS for entry in _entries(grid, given))
    first = build(OmegaConf.create(dict(entries[0].config)))
    report = Report(Results(entries, first.dataset.simulated))
    folder = project().reports / "honest"
    report.write(folder)
    log_to_parent(first, folder, "report")
    found = sum(len(entry.runs) for entry in entries)
    print(f"{found} of {sum(len(entry.seeds) for entry in entries)} runs: {folder / 'index.html'}")


def _entries(grid: str, given: list[str]) -> list[Entry]:
    found = []
    for group in groups(jobs([f"+experiment={grid}", *given])):
        runs = {seed: _run(run) for seed, config in group.configs.items() if (run := find_finished(config))}
        found.append(Entry(grid, next(iter(group.configs.values())), tuple(group.configs), runs))
    return found


def _run(run: FinishedRun) -> Run:
    return Run(run.metrics, run.params, run.files, run.current)


if __name__ == "__main__":
    main()
