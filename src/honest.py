"""What scores mean on unseen traffic: `python -m src.honest` writes reports/honest/index.html from the store."""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from src.config.entry_point import entry_point
from src.reports.collect import write_grid_report
from src.reports.generalization.report import Report


@entry_point()
def main(cfg: DictConfig) -> None:
    """Find the runs of the grids, whatever is there of them, and write the report."""
    write_grid_report("honest", Report, list(HydraConfig.get().overrides.task))


if __name__ == "__main__":
    main()
