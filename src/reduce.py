"""Stage 4: scaling and reducer, fitted on the training part, into data/reduced/; what they see, into reports/."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.pipeline.stage_outputs import StageOutputs
from src.pipeline.stages import write_reduced, write_reduction_reports
from src.utils.paths import output, project


@entry_point()
def main(cfg: DictConfig) -> None:
    """Reduce all three parts and report variance and mutual information."""
    settings, out = build(cfg, stage="reduce"), output()
    outputs = StageOutputs(settings, project(), making="reduce")
    write_reduced(outputs, settings, out)
    write_reduction_reports(outputs, settings, out)


if __name__ == "__main__":
    main()
