"""Stage 6: evaluate the kept detector on the test parts, in reports/ and in the MLflow run that trained it."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.entry_point import entry_point
from src.tracking.store import check_store
from src.utils.paths import output, project


@entry_point()
def main(cfg: DictConfig) -> None:
    """Evaluate, report and track."""
    made, out = project(), output()
    if not made.run_note.is_file():
        raise FileNotFoundError(f"{made.run_note}: found no such file, expected a trained detector: dvc repro train")
    check_store()
    settings = build(cfg)
    # only now, after all values are checked: they take seconds
    from src.detector.detector import Detector
    from src.pipeline.experiment import TrainingRecord, evaluate
    from src.pipeline.run_summary import summarize
    from src.pipeline.stage_outputs import StageOutputs
    from src.tracking.runs import tracked_run

    record, detector = TrainingRecord.read(made, settings.config), Detector.load(made.detector)
    with tracked_run(settings, resume=record.run_id, out=out) as run:
        if run.id != record.run_id:  # the run that trained it has another evaluation, which stays as it is
            run.log_training(record.facts, record.epochs, record.metrics | record.timings)
            if cfg.tracking.log_model:
                run.log_detector(made.detector, detector.card.class_names)
        found = evaluate(detector, StageOutputs(settings, made).sampled, settings, record, out)
        summary = summarize(settings, record, found)
        run.log_evaluation(summary.numbers, out.reports, summary.markdown)
    print(summary.text(out.reports, run.id))


if __name__ == "__main__":
    main()
