"""Measures the cost of sweeps: epochs with and without pruning, time per trial beyond the fit, one worker and two.

`make bench-sweeps` runs it and rewrites benchmarks/sweeps.md. It works in a clone of HEAD in a temporary folder. It
needs IDS_DATA_MIRROR and an otherwise idle machine.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import TrialState

from benchmarks.clone import Clone, mirror_folder
from benchmarks.commands import Row
from benchmarks.table import machine
from src.search import trial_queue
from src.utils.files import write_text
from src.utils.paths import PROJECT

PRUNED_TRIALS, TIMED_TRIALS, SHARED_TRIALS = 40, 8, 12
# Two studies that differ only in the pruner: the random sampler tries the same values.
SIMULATED = ("dataset=simulated", "dataset.records=10000", "sweep/sampler=random", f"sweep.n_trials={PRUNED_TRIALS}",
             "model.bidirectional=false", "training.epochs=30")  # fmt: skip
# One layer and few epochs, so that the overhead of a trial is large beside its fit.
SHORT = (
    "sweep/sampler=random",
    "sweep/pruner=none",
    "training.epochs=3",
    "model.layers=1",
    "model.bidirectional=false",
)


def main() -> None:
    """Measure everything and write the table."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    mirror = mirror_folder()
    with tempfile.TemporaryDirectory(prefix="ids-bench-") as folder:
        clone = Clone(Path(folder) / "clone")
        clone.run("dvc", "repro", "preprocess", mirror=mirror)
        rows = [*_pruning(clone, mirror), *_overhead(clone, mirror), *_workers(clone, mirror)]
    lines = [
        "# Benchmarks of sweeps",
        "",
        machine("IDS_DATA_MIRROR=... make bench-sweeps", ("optuna", "keras", "mlflow", "hydra-joblib-launcher")),
        "",
        f"Pruning: two studies of {PRUNED_TRIALS} trials on simulated records that try the same values in the same "
        "order, with the default pruner and with none; epochs until both had the best score that both reached. "
        f"Beyond the fit: mean of {TIMED_TRIALS - 1} trials on the 10 % file, from the end of one to the end of the "
        "next, less `fit_seconds`. "
        f"Workers: {SHARED_TRIALS} trials there, one thread each, from the first trial's start to the last one's end.",
        "",
        "| what | measured | target | ratio | reached |",
        "|---|---|---|---|---|",
        *(str(row) for row in rows),
        "",
    ]
    write_text(PROJECT / "benchmarks" / "sweeps.md", "\n".join(lines))
    print(*lines, sep="\n")


def _sweep(clone: Clone, mirror: Path, name: str, *overrides: str) -> Study:
    """Run a study to its end."""
    clone.run(sys.executable, "-m", "src.sweep", *overrides, "sweep=lstm", f"sweep.study={name}", mirror=mirror)
    return optuna.load_study(study_name=name, storage=f"sqlite:///{clone.root / 'mlruns' / 'optuna.db'}")


def _pruning(clone: Clone, mirror: Path) -> Iterator[Row]:
    without = _sweep(clone, mirror, "without", *SIMULATED, "sweep/pruner=none")
    pruned = _sweep(clone, mirror, "pruned", *SIMULATED)
    epochs = {
        "without": [trial.user_attrs["figures"]["epochs"] for trial in without.trials],
        "pruned": [len(trial.intermediate_values) for trial in pruned.trials],
    }
    target = min(without.best_value, pruned.best_value)
    spent = {
        name: sum(epochs[name][: 1 + next(trial.number for trial in study.trials if _value(trial) >= target)])
        for name, study in (("without", without), ("pruned", pruned))
    }
    share = 100 * (1 - spent["pruned"] / spent["without"])
    yield Row(
        f"epochs saved by pruning, to the same best score ({spent['without']:.0f} without)", share, 40, "%", False
    )
    saved = 100 * (1 - sum(epochs["pruned"]) / sum(epochs["without"]))
    yield Row(f"... over all {PRUNED_TRIALS} trials ({sum(epochs['without']):.0f} without)", saved, 40, "%", False)
    ratio = (1 - without.best_value) / (1 - pruned.best_value)
    yield Row("... what the best score lacks of 1: without / pruned", ratio, 1.0, "x", False)


def _value(trial: optuna.trial.FrozenTrial) -> float:
    return float(trial.values[0]) if trial.state == TrialState.COMPLETE else -np.inf


def _overhead(clone: Clone, mirror: Path) -> Iterator[Row]:
    study = _sweep(clone, mirror, "overhead", *SHORT, f"sweep.n_trials={TIMED_TRIALS}")
    trials = sorted(trial_queue.finished(study), key=lambda trial: trial.number)
    extra = [
        (after.datetime_complete - before.datetime_complete).total_seconds()  # type: ignore[operator]
        - after.user_attrs["figures"]["fit_seconds"]
        for before, after in pairwise(trials)
    ]
    yield Row("a trial beyond its fit", float(np.mean(extra)), 0.5, "s")


def _workers(clone: Clone, mirror: Path) -> Iterator[Row]:
    rate = {}
    for count in (1, 2):
        workers = ",".join(map(str, range(count)))
        study = _sweep(
            clone, mirror, f"workers-{count}", "-m", f"worker={workers}", "hydra/launcher=joblib",
            f"hydra.launcher.n_jobs={count}", "sweep.threads=1", *SHORT, f"sweep.n_trials={SHARED_TRIALS}",
        )  # fmt: skip
        done = trial_queue.finished(study)
        begin = min(trial.datetime_start for trial in done)  # type: ignore[type-var]
        end = max(trial.datetime_complete for trial in done)  # type: ignore[type-var]
        rate[count] = len(done) / (end - begin).total_seconds()  # type: ignore[operator]
    what = f"trials per hour of two workers ({3600 * rate[2]:.0f}) against one ({3600 * rate[1]:.0f})"
    yield Row(what, rate[2] / rate[1], 1.6, "x", False)


if __name__ == "__main__":
    main()
