"""Report of a study: page, pictures and winner's file, in reports/sweeps/<study> and in its MLflow run."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
from matplotlib.figure import Figure
from optuna import visualization
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from src.evaluation.plots import save_svg
from src.search import plots, trial_queue
from src.search.best_config import write_winner
from src.search.config import Sweep
from src.search.experiments import Experiments
from src.search.objective import FIGURES
from src.search.page import count_states, note, page
from src.search.plots import Scale
from src.search.progress import best
from src.search.space import as_override
from src.tracking import parents
from src.utils.files import whole_folder, write_text
from src.utils.paths import Workspace, project, shown_path

LEAST_FOR_IMPORTANCES = 10  # complete trials; of fewer the importances say nothing


def write_report(sweep: Sweep, study: Study, experiments: Experiments, parent: str) -> str:
    """Write the report, add it to the study's MLflow run, and return a summary for the terminal."""
    if not any(trial.state == TrialState.COMPLETE for trial in study.get_trials(deepcopy=False)):
        return f"{study.study_name}: no trial is complete, so there is no winner; see the reasons in the study's runs"
    base = experiments.settings({})
    winner = best(study)
    config = write_winner(sweep, study, winner, experiments.overrides, base.config)
    folder = study_folder(project(), study)
    drawn = list(draw(sweep, study, base.dataset.simulated))
    text = page(sweep, study, config, experiments)
    pictures = [line for name, caption, _ in drawn for line in (f"![{caption}]({name}.svg)", "", f"*{caption}.*", "")]
    with whole_folder(folder) as part:
        for name, _, figure in drawn:
            save_svg(figure, part / f"{name}.svg")
        write_text(part / "README.md", "\n".join([text, *pictures]).rstrip() + "\n")
        write_text(part / "index.html", _interactive(sweep, study))
        trials = study.trials_dataframe()
        done = {trial.number for trial in trial_queue.finished(study)}
        trials[trials["number"].isin(done)].to_csv(part / "trials.csv", index=False)
    tags = {f"best.{name}": value for name, value in winner.params.items()} | {"best.trial": winner.number}
    counts = count_states(study)
    metrics = {f"best_{name}": winner.user_attrs[FIGURES][name] for name in sweep.objectives} | {
        f"trials_{state}": float(count) for state, count in counts.items()
    }
    parents.describe(parent, note(text), tags, metrics, folder)
    values = " ".join(as_override(name, value) for name, value in winner.params.items())
    return (
        f"{study.study_name}: trial {winner.number} is the best of {sum(counts.values())}, "
        f"{next(iter(sweep.objectives))} {winner.values[0]:.5f}: {values}\n"
        f"winner: {config.line}\n"
        f"report: {shown_path(folder)}/README.md and index.html; trials: make ui, or make dashboard"
    )


def study_folder(out: Workspace, study: Study) -> Path:
    return out.reports / "sweeps" / study.study_name


def draw(sweep: Sweep, study: Study, simulated: bool) -> Iterator[tuple[str, str, Figure]]:
    """Draw each picture for which the study has enough trials: name of the file, caption, picture."""
    trials = trial_queue.counted(study)
    scales = [Scale(name, direction) for name, direction in sweep.objectives.items()]
    title = f"{'SIMULATED DATA - ' if simulated else ''}{study.study_name}"
    yield "history", "Every trial, and the best so far", plots.history(trials, scales[0], title)
    if shares := _importances(study):
        yield "importances", "Importance of each parameter", plots.importances(shares, title)
    yield "slices", "The score over each parameter", plots.slices(trials, scales[0], title)
    yield (
        "parallel_coordinates",
        "One line a trial through its values",
        plots.parallel_coordinates(trials, scales[0], title),
    )
    if any(trial.intermediate_values for trial in trials):  # no trees, which have no epochs
        yield (
            "learning_curves",
            "Validation accuracy by epoch, and where trials were pruned",
            plots.learning_curves(trials, title),
        )
    if len(scales) > 1:
        front = study.best_trials
        yield (
            "pareto_front",
            "Trials that no other trial beats in both objectives",
            plots.pareto_front(trials, front, scales, title),
        )


def _importances(study: Study) -> dict[str, float]:
    if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < LEAST_FOR_IMPORTANCES:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # importances of a short study are rough
            return optuna.importance.get_param_importances(study, target=_importance_target(study))
    except (ValueError, RuntimeError):  # too few complete trials, or all of them equal
        return {}


def _importance_target(study: Study) -> Callable[[FrozenTrial], float] | None:
    """Objective for Optuna's importances in a study of several; Optuna takes low values as good ones there."""
    if len(study.directions) == 1:
        return None
    sign = -1 if study.directions[0] == StudyDirection.MAXIMIZE else 1
    return lambda trial: sign * trial.values[0]


def _interactive(sweep: Sweep, study: Study) -> str:
    """Page of Optuna's own interactive pictures, which needs no network."""
    names = list(sweep.objectives)
    target = {} if len(names) == 1 else {"target": lambda trial: trial.values[0]}
    labelled: dict[str, Any] = {**target, "target_name": names[0]}
    figures = [visualization.plot_optimization_history(study, **labelled)]
    if _importances(study):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            score = _importance_target(study)
            figures.append(visualization.plot_param_importances(study, target=score, target_name=names[0]))
    figures += [visualization.plot_parallel_coordinate(study, **labelled), visualization.plot_slice(study, **labelled)]
    if any(trial.intermediate_values for trial in study.get_trials(deepcopy=False)):
        figures.append(visualization.plot_intermediate_values(study))
    if len(names) > 1:
        figures.append(visualization.plot_pareto_front(study, target_names=names))
    figures.append(visualization.plot_timeline(study))
    parts = [
        figure.to_html(full_html=False, include_plotlyjs=place == 0, default_width="100%", default_height="520px")
        for place, figure in enumerate(figures)
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{study.study_name}</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        '<body style="font-family: sans-serif; max-width: 1200px; margin: auto">'
        f"<h1>{study.study_name}</h1>\n" + "\n".join(parts) + "</body></html>\n"
    )
