"""Stage 3: draw the records of the task and divide them into training, validation and test, in data/sampled/."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.utils.paths import output, project


@entry_point()
def main(cfg: DictConfig) -> None:
    """Draw and divide the records, and print the counts."""
    from src.pipeline.stage_data import scored_parts
    from src.pipeline.stages import write_sampled

    facts = write_sampled(build(cfg, stage="sample"), output(), project())
    print(f"records: {facts['records']}, classes: {facts['classes']}")
    for part in scored_parts(facts["records"]):
        print(f"{part} records with a copy in training: {facts[f'{part}_share_seen_in_training']:.1%}")


if __name__ == "__main__":
    main()
