"""Stage 5: fit the model on the reduced training part; outside of DVC the command also evaluates it."""

from omegaconf import DictConfig

from src.config.build import build
from src.config.edited_params import note_edited_params
from src.config.entry_point import entry_point
from src.tracking.store import check_store
from src.utils.paths import in_dvc_stage, in_multirun, output, project


@entry_point(sweeps=True)
def main(cfg: DictConfig) -> float:
    """Train, track, and return macro F1 on validation."""
    check_store()
    settings, out = build(cfg, stage="train" if in_dvc_stage() else None), output()
    note_edited_params()
    # only now, after all values are checked: they take seconds
    from src.pipeline.experiment import TrainingRecord, evaluate, train, write_training
    from src.pipeline.run_summary import summarize
    from src.pipeline.stage_outputs import StageOutputs
    from src.pipeline.stages import write_reduction_reports
    from src.tracking.finished_runs import FinishedRuns
    from src.tracking.runs import tracked_run

    if done := FinishedRuns().already_done(settings.config):
        print(f"{settings.caption}: in the store as run {done.id}; tracking.skip_finished=false runs it again")
        return done.metrics["val_macro_f1"]
    with tracked_run(settings, out=out) as run:
        outputs = StageOutputs(settings, project())
        outcome = train(settings, outputs)
        record = TrainingRecord.of(outcome, run.id)
        run.log_training(record.facts, record.epochs, record.metrics | record.timings)
        write_training(outcome, settings, record, out)
        if cfg.tracking.log_model:
            run.log_detector(out.detector, outcome.detector.card.class_names)
        if not in_dvc_stage():
            write_reduction_reports(outputs, settings, out)
            summary = summarize(settings, record, evaluate(outcome.detector, outputs.sampled, settings, record, out))
            run.log_evaluation(summary.numbers, out.reports, summary.markdown)
    if not in_dvc_stage() and not in_multirun():  # which prints a line for each run, and a table
        print(summary.text(out.reports, run.id))  # after the run has ended: it is complete, also where nobody reads on
    return outcome.metrics["val_macro_f1"]


if __name__ == "__main__":
    main()
