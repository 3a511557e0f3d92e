"""Stage 3: draw the records of the task and divide them into training, validation and test, in data/sampled/."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.utils.paths import output, project
from src.utils.sections import as_text


@entry_point()
def main(cfg: DictConfig) -> None:
    """Draw and divide the records, and print the counts."""
    from src.pipeline import stage_tables
    from src.pipeline.stages import write_sampled

    print(as_text(stage_tables.sampled(write_sampled(build(cfg, stage="sample"), output(), project()))))


if __name__ == "__main__":
    main()
