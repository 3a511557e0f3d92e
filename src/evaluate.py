"""Stage 6: the kept detector on the test parts, into reports/ and the MLflow run that trained it."""

import hydra
from omegaconf import DictConfig

from src.build import WHITELIST, build
from src.detector import Detector
from src.evaluation.reports import metrics_table
from src.experiment import evaluate, read_run_note
from src.pipeline import Walk
from src.tracking.runs import tracked_run
from src.workspace import output, project


@hydra.main(config_path="../conf", config_name="config", execution_whitelist=WHITELIST)
def main(cfg: DictConfig) -> None:
    """Evaluate, report and track."""
    settings, made, out = build(cfg), project(), output()
    run_id, before = read_run_note(made)
    with tracked_run(settings, resume=run_id) as run:
        parts, _ = Walk(settings, made).sampled
        metrics = evaluate(Detector.load(made.detector), parts, settings, before, out)
        run.log_evaluation(metrics, out.reports)
    print(metrics_table(metrics, settings.caption), f"MLflow run {run.id}; open the UI with: make ui", sep="\n")


if __name__ == "__main__":
    main()
