"""Stage 4: scaling and reducer, fitted on the training part, into data/reduced/; what they see, into reports/."""

import hydra
from omegaconf import DictConfig

from src.build import WHITELIST, build
from src.experiment import write_reduction_reports
from src.pipeline import Walk, write_reduced
from src.workspace import output, project


@hydra.main(config_path="../conf", config_name="config", execution_whitelist=WHITELIST)
def main(cfg: DictConfig) -> None:
    """Reduce all three parts and report variance and mutual information."""
    settings, out = build(cfg), output()
    walk = Walk(settings, project(), making="reduce")
    write_reduced(walk, settings, out)
    write_reduction_reports(walk, settings, out)


if __name__ == "__main__":
    main()
