"""Report of a study: page, pictures and winner's file, in reports/sweeps/<study> and in its MLflow run."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
from matplotlib.figure import Figure
from optuna import visualization
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from src.evaluation.plots import save_svg
from src.search import plots, trial_queue
from src.search.best_config import write_winner
from src.search.config import Sweep
from src.search.create import COMMAND
from src.search.experiments import Experiments
from src.search.objective import FIGURES
from src.search.plots import Scale
from src.search.test_scores import on_test
from src.search.worker import best
from src.tracking import parents
from src.utils.files import whole_folder, write_text
from src.utils.paths import Workspace, project

Drawn = list[tuple[str, str, Figure]]  # name of the file, caption, picture


def write_report(sweep: Sweep, study: Study, experiments: Experiments, parent: str) -> str:
    """Write the report, add it to the study's MLflow run, and return a summary for the terminal."""
    if not any(trial.state == TrialState.COMPLETE for trial in study.get_trials(deepcopy=False)):
        return f"{study.study_name}: no trial is complete, so there is no winner; see the reasons in the study's runs"
    base = experiments.settings({})
    winner = best(study)
    file = write_winner(sweep, study, winner, experiments.overrides, base.seed)
    folder = study_folder(project(), study)
    drawn = list(draw(sweep, study, base.dataset.simulated))
    text = _markdown(sweep, study, winner, drawn, experiments)
    with whole_folder(folder) as part:
        for name, _, figure in drawn:
            save_svg(figure, part / f"{name}.svg")
        write_text(part / "README.md", text)
        write_text(part / "index.html", _interactive(sweep, study))
        study.trials_dataframe().to_csv(part / "trials.csv", index=False)
    tags = {f"best.{name}": value for name, value in winner.params.items()} | {"best.trial": winner.number}
    counts = _counts(study)
    metrics = {f"best_{name}": winner.user_attrs[FIGURES][name] for name in sweep.objectives} | {
        f"trials_{state}": float(count) for state, count in counts.items()
    }
    parents.describe(parent, text, tags, metrics, folder)
    values = " ".join(f"{name}={value}" for name, value in winner.params.items())
    return (
        f"{study.study_name}: trial {winner.number} is the best, {next(iter(sweep.objectives))} "
        f"{winner.values[0]:.5f}: {values}\n"
        f"again: python -m src.train +experiment=best/{file.stem}\n"
        f"pictures: {folder}/README.md and index.html; trials: make ui, or make dashboard"
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
    if sweep.prunes:
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


def _counts(study: Study) -> dict[str, int]:
    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
    counted = trial_queue.counted(study)
    return {name: sum(trial.state == state for trial in counted) for name, state in states.items()}


def _markdown(sweep: Sweep, study: Study, winner: FrozenTrial, drawn: Drawn, experiments: Experiments) -> str:
    base, counts = experiments.settings({}), _counts(study)
    score = next(iter(sweep.objectives))
    first = next(trial for trial in trial_queue.counted(study))  # the config's own values
    names = list(dict.fromkeys([*winner.params, *first.params]))
    rows = [f"| `{name}` | {_text(winner.params.get(name))} | {_text(first.params.get(name))} |" for name in names]
    rows += [
        f"| {name} | {_text(winner.user_attrs[FIGURES][name])} | {_text(first.user_attrs.get(FIGURES, {}).get(name))} |"
        for name in (*sweep.objectives, "fit_seconds", "epochs")
        if name in winner.user_attrs[FIGURES]
    ]
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    seeds = f"seed {base.seed}" if sweep.n_seeds == 1 else f"mean of {sweep.n_seeds} seeds from {base.seed} on"
    warning = "**Simulated data.** " if base.dataset.simulated else ""
    lines = [
        f"# Study {study.study_name}",
        "",
        f"`{study.user_attrs[COMMAND]}`",
        "",
        f"{warning}{base.task.name} on {base.dataset.name}, {base.split.name} split. {sum(counts.values())} of "
        f"{sweep.n_trials} trials: {states}. Score: `{score}`, {seeds}; no trial has seen the test part.",
        "",
        f"| | best (trial {winner.number}) | without the search (trial {first.number}) |",
        "|---|---|---|",
        *dict.fromkeys(rows),
        "",
        f"`python -m src.train +experiment=best/{study.study_name}` makes the best one again.",
        "",
        *on_test(study.study_name, experiments),
        *(line for name, caption, _ in drawn for line in (f"![{caption}]({name}.svg)", "", f"*{caption}.*", "")),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _text(value: object) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value).lower()


def _interactive(sweep: Sweep, study: Study) -> str:
    """Page of Optuna's own interactive pictures, which needs no network."""
    names = list(sweep.objectives)
    target = {} if len(names) == 1 else {"target": lambda trial: trial.values[0]}
    labelled = {**target, "target_name": names[0]}
    figures = [visualization.plot_optimization_history(study, **labelled)]
    if _importances(study):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            score = _importance_target(study)
            figures.append(visualization.plot_param_importances(study, target=score, target_name=names[0]))
    figures += [visualization.plot_parallel_coordinate(study, **labelled), visualization.plot_slice(study, **labelled)]
    if sweep.prunes:
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
