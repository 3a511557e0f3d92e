"""Search with Optuna: `python -m src.sweep sweep=components`. Repeated, it goes on with the trials that are left."""

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from src.config.build import make
from src.config.entry_point import entry_point
from src.tracking.store import check_store


@entry_point("sweep")
def main(cfg: DictConfig) -> None:
    """Run one worker of a study; the last worker writes the report."""
    check_store()
    from src.search.progress import Lines

    sweep = make("sweep", OmegaConf.to_container(cfg.sweep, resolve=True, throw_on_missing=True))  # type: ignore
    several = cfg.worker > 0 or HydraConfig.get().mode == RunMode.MULTIRUN
    lines = Lines(sweep, cfg.worker if several else None)
    lines.open()
    from src.search.run import run_worker  # after the first line, as it imports scikit-learn

    run_worker(cfg, sweep, lines)


if __name__ == "__main__":
    main()
