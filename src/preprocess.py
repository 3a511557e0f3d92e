"""Stage 2: check the raw text and encode it to 53 features, in data/preprocessed/<dataset>/."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.utils.paths import output, project


@entry_point()
def main(cfg: DictConfig) -> None:
    """Check and encode the training file and the test files."""
    from src.pipeline.stages import write_preprocessed

    for part, facts in write_preprocessed(build(cfg, stage="preprocess"), output(), project()).items():
        unknown = {name: counts for name, counts in facts["unknown"].items() if counts}
        print(f"{part}: {facts['records']:,} records, {facts['quarantined']:,} quarantined, unknown values: {unknown}")


if __name__ == "__main__":
    main()
