"""Stage 4: fit scaling and reducer on the training part; outputs in data/reduced/, statistics in reports/."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.utils.paths import output, project
from src.utils.sections import as_text


@entry_point()
def main(cfg: DictConfig) -> None:
    """Reduce all three parts, report variance and mutual information, and print the counts."""
    from src.pipeline import stage_tables
    from src.pipeline.stage_outputs import StageOutputs
    from src.pipeline.stages import write_reduced, write_reduction_reports

    settings, out = build(cfg, stage="reduce"), output()
    outputs = StageOutputs(settings, project(), making="reduce")
    write_reduced(outputs, settings, out)
    write_reduction_reports(outputs, settings, out)
    shapes = {name: part.X.shape for name, part in outputs.reduced.by_name().items()}
    print(as_text(stage_tables.reduced(shapes, settings.input, outputs.reduced.seconds)))


if __name__ == "__main__":
    main()
