"""Stage 1: the dataset's raw files, as published, into data/raw/<dataset>/."""

import hydra
from omegaconf import DictConfig

from src.build import WHITELIST, build
from src.pipeline import write_raw
from src.workspace import output


@hydra.main(config_path="../conf", config_name="config", execution_whitelist=WHITELIST)
def main(cfg: DictConfig) -> None:
    """Fetch (or simulate) the training and the test files."""
    write_raw(build(cfg), output())


if __name__ == "__main__":
    main()
