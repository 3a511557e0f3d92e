"""Stage 2: check the raw text and encode it to features, in data/preprocessed/<dataset>/."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.utils.paths import output, project
from src.utils.sections import as_text


@entry_point()
def main(cfg: DictConfig) -> None:
    """Check and encode the training file and the test files, and print the counts."""
    from src.pipeline import stage_tables
    from src.pipeline.stages import write_preprocessed

    print(as_text(stage_tables.preprocessed(write_preprocessed(build(cfg, stage="preprocess"), output(), project()))))


if __name__ == "__main__":
    main()
