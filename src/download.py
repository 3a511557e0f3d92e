"""Stage 1: write the raw files of the dataset, as published, to data/raw/<dataset>/."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.utils.paths import output


@entry_point()
def main(cfg: DictConfig) -> None:
    """Fetch or simulate the training file and the test files."""
    from src.pipeline.stages import write_raw

    write_raw(build(cfg, stage="download"), output())


if __name__ == "__main__":
    main()
