"""Objective of a study: fits a trial's config on one or more seeds and scores it on validation.

Each trial is an MLflow run. A poor trial is pruned between two epochs.
"""

import math

import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from src.config.errors import summary
from src.config.settings import Settings
from src.models.interface import OnEpoch
from src.pipeline.experiment import decide, fit, scores
from src.search.config import OF_VERDICTS, Sweep
from src.search.experiments import Experiments
from src.search.progress import SAME, Lines
from src.search.space import Space, Values
from src.search.trial_queue import RUN
from src.tracking.connection import StoreAwayError
from src.tracking.runs import Run, tracked_run

FIGURES = "figures"  # attribute of a trial in the storage


class Objective:
    """Function that Optuna optimizes; called once for each trial.

    Args:
        sweep: Definition of the study.
        space: Parameters to draw.
        experiments: Configs and data of the trials.
        parent: Id of the study's MLflow run, under which those of the trials are nested.
        lines: Lines to print.
    """

    def __init__(self, sweep: Sweep, space: Space, experiments: Experiments, parent: str, lines: Lines):
        self._sweep = sweep
        self._space = space
        self._experiments = experiments
        self._parent = parent
        self._lines = lines
        base = experiments.settings({})
        self._first_seed = base.seed
        # steps between the first epochs of two seeds; the same in every trial, so that steps can be compared
        self._stride = max(base.training.epochs, int(space.highest("training.epochs") or 0))

    def __call__(self, study: Study, trial: Trial) -> list[float]:
        """Run one trial.

        Returns:
            One value for each objective.

        Raises:
            optuna.TrialPruned: the trial is worse than others at the same epoch.
            FloatingPointError: a value is NaN or infinite.
            StoreAwayError: the MLflow store went away.
        """
        values = self._space.draw(trial)
        settings = self._experiments.settings(values, self._first_seed)
        tags = {"study": study.study_name, "trial": str(trial.number)}
        pruned = None
        with tracked_run(settings, name=f"trial-{trial.number}", parent=self._parent, extra_tags=tags) as run:
            trial.set_user_attr(RUN, run.id)
            try:
                figures = self._figures(study, trial, values, settings, run)
                run.set_tags({"trial.state": TrialState.COMPLETE.name})
            except optuna.TrialPruned as error:  # not a failure: the run ends as FINISHED
                pruned = error
                run.set_tags({"trial.state": TrialState.PRUNED.name, "trial.reason": str(error)})
            except StoreAwayError:
                raise
            except Exception as error:
                run.set_tags({"trial.state": TrialState.FAIL.name, "trial.reason": summary(error)})
                raise
        if pruned:
            raise pruned
        return [figures[name] for name in self._sweep.objectives]

    def _figures(self, study: Study, trial: Trial, values: Values, settings: Settings, run: Run) -> dict[str, float]:
        """Figures of the trial: those of an earlier trial with the same values, or those of new fits."""
        if twin := _twin(study, trial):  # the same values give the same fit
            trial.set_user_attr(SAME, twin.number)
            run.set_tags({"trial.same_as": twin.number})
            if twin.state == TrialState.PRUNED:
                raise optuna.TrialPruned(f"trial {twin.number} had the same values, and was pruned")
            figures: dict[str, float] = twin.user_attrs[FIGURES]
        else:
            self._lines.start(trial.number, values)
            figures = self._fits(trial, values, settings, run)
        trial.set_user_attr(FIGURES, figures)
        run.log_metrics(figures)
        return figures

    def _fits(self, trial: Trial, values: Values, settings: Settings, run: Run) -> dict[str, float]:
        """Fit on each seed, and return the mean figures."""
        each: list[dict[str, float]] = []
        for turn in range(self._sweep.n_seeds):
            if turn:
                settings = self._experiments.settings(values, self._first_seed + turn)
            outputs = self._experiments.outputs(settings)
            epochs: list[dict[str, float]] = []
            if not turn:
                run.log_datasets(outputs.reduced.sample_facts["records"])
            try:
                fitted = fit(
                    settings, outputs.reduced, self._reporter(trial, turn, each, epochs, settings.training.epochs)
                )
            finally:
                if not turn:
                    run.log_epochs(epochs)
            figures = scores(fitted, outputs.reduced.val, "val")
            if self._sweep.reads_verdicts:
                decided = decide(settings, outputs, fitted).scores
                figures |= {name: decided[name] for name in OF_VERDICTS if name in decided}
            figures |= {"fit_seconds": fitted.seconds, "epochs": float(len(epochs))}
            each.append(figures | {"network_parameters": float(fitted.facts.get("network_parameters", 0))})
        mean = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
        if wrong := [name for name in self._sweep.objectives if not math.isfinite(mean[name])]:
            raise FloatingPointError(f"found {wrong[0]}={mean[wrong[0]]}, expected a finite number")
        if len(each) > 1:
            score = next(iter(self._sweep.objectives))
            mean[f"{score}_std"] = float(np.std([one[score] for one in each], ddof=1))
            mean |= {f"{score}_seed_{self._first_seed + turn}": one[score] for turn, one in enumerate(each)}
        return mean

    def _reporter(
        self, trial: Trial, turn: int, before: list[dict[str, float]], epochs: list[dict[str, float]], most: int
    ) -> OnEpoch:
        """Make a callback that collects the epochs and prunes the trial.

        Args:
            trial: Trial that runs.
            turn: Position of the seed, from 0.
            before: Figures of the seeds before this one; the reported value is the mean with theirs.
            epochs: List that the callback extends.
            most: Largest number of epochs.
        """

        def report(epoch: dict[str, float]) -> None:
            epochs.append(epoch)
            self._lines.epoch(trial.number, int(epoch["epoch"]), most, epoch["val_accuracy"])
            value = float(np.mean([one["val_accuracy"] for one in [*before, epoch]]))
            if not self._sweep.prunes or not math.isfinite(value):  # then the fit itself raises an error with the cause
                return
            trial.report(value, turn * self._stride + int(epoch["epoch"]))
            if trial.should_prune():
                raise optuna.TrialPruned(f"epoch {epoch['epoch']:.0f}: accuracy on validation {value:.5f}")

        return report


def _twin(study: Study, trial: Trial) -> FrozenTrial | None:
    """Find an earlier trial with the same values."""
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return next((one for one in done if one.params == trial.params and one.number != trial.number), None)
