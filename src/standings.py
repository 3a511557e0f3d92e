"""Every model on one protocol: `python -m src.standings` writes reports/models/index.html from the store."""

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from src.build import WHITELIST
from src.stored import write_grid_report
from src.systems.report import Report


@hydra.main(config_path="../conf", config_name="config", execution_whitelist=WHITELIST)
def main(cfg: DictConfig) -> None:
    """Find the runs of the grids, whatever is there of them, and write the report."""
    write_grid_report("models", Report, list(HydraConfig.get().overrides.task))


if __name__ == "__main__":
    main()
