"""Page of a study in Markdown: for its README, and without pictures for its MLflow run."""

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from src.reports.markdown import markdown_table
from src.search import trial_queue
from src.search.best_config import Winner
from src.search.config import Sweep
from src.search.create import COMMAND
from src.search.experiments import Experiments
from src.search.objective import FIGURES
from src.search.progress import SAME, best, brief, from_best
from src.search.winner_on_test import on_test
from src.tracking.run_names import short_names

SHOWN_TRIALS = 10
NOTE_LIMIT = 5000  # characters of a note that the MLflow UI shows whole
_HEADING = "# Study "
_PICTURES = "Pictures: `index.html` and the SVG files among the artifacts. Every trial: the runs below this one."


def page(sweep: Sweep, study: Study, config: Winner, experiments: Experiments) -> str:
    """Write the page: command, counts, winner beside the config without the search, best trials, scores on test."""
    base, counts = experiments.settings({}), count_states(study)
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    seeds = f"seed {base.seed}" if sweep.n_seeds == 1 else f"mean of {sweep.n_seeds} seeds from {base.seed} on"
    warning = "**Simulated data.** " if base.dataset.simulated else ""
    done, winner, score = sum(counts.values()), best(study), next(iter(sweep.objectives))
    lines = [
        f"{_HEADING}{study.study_name}",
        "",
        f"**Best: trial {winner.number} of {done}, {score} {winner.values[0]:.5f}:** `{brief(winner.params)}`",
        "",
        f"`{study.user_attrs[COMMAND]}`",
        "",
        f"{warning}{base.task.name} on {base.dataset.name}, {base.split.name} split. {done} of "
        f"{max(done, sweep.n_trials)} trials: {states}. Score: `{score}`, {seeds}; "
        "no trial has seen the test part.",
        "",
        _winner(sweep, study),
        "",
        f"`{config.command}` trains the best one again.",
        "",
        *_best_trials(sweep, study),
        *on_test(config, experiments),
    ]
    return "\n".join(lines)


def note(text: str) -> str:
    """Page for the MLflow run, without heading: the UI shows the first lines, and no picture among the artifacts."""
    text = text.partition("\n\n")[2] if text.startswith(_HEADING) else text
    limit = NOTE_LIMIT - len(_PICTURES) - 2
    kept = (
        text if len(text) <= limit else text[: text.rindex("\n", 0, limit)]
    )  # whole lines, so that tables stay tables
    return f"{kept.rstrip()}\n\n{_PICTURES}"


def count_states(study: Study) -> dict[str, int]:
    """Numbers of complete, pruned and failed trials."""
    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
    counted = trial_queue.counted(study)
    return {name: sum(trial.state == state for trial in counted) for name, state in states.items()}


def _winner(sweep: Sweep, study: Study) -> str:
    """Table of the winner beside the config's own values."""
    winner, first = best(study), trial_queue.first_trial(study)
    names = list(dict.fromkeys([*winner.params, *first.params]))
    best_figures, first_figures = winner.user_attrs[FIGURES], first.user_attrs.get(FIGURES, {})
    rows = [(f"`{name}`", _text(winner.params.get(name)), _text(first.params.get(name))) for name in names]
    rows += [
        (name, _text(best_figures[name]), _text(first_figures.get(name)))
        for name in dict.fromkeys([*sweep.objectives, "fit_seconds", "epochs"])
        if name in best_figures
    ]
    return markdown_table(("", f"best (trial {winner.number})", f"without the search (trial {first.number})"), rows)


def _best_trials(sweep: Sweep, study: Study) -> list[str]:
    """Table of the best trials. Trials that repeat the values of another are left out."""
    different = [trial for trial in from_best(study) if SAME not in trial.user_attrs]
    shown = different[:SHOWN_TRIALS]
    names = list(dict.fromkeys(name for trial in shown for name in trial.params))
    short, figures = short_names(names), [*dict.fromkeys([*sweep.objectives, "fit_seconds"])]

    def row(trial: FrozenTrial) -> list[str]:
        cells = [str(trial.number), *(_text(trial.user_attrs[FIGURES].get(name)) for name in figures)]
        return [*cells, *(_text(trial.params.get(name)) for name in names)]

    return [
        "## Best trials",
        "",
        f"The best {len(shown)} of {len(different)} complete trials with different values.",
        "",
        markdown_table(["trial", *figures, *(short[name] for name in names)], [row(trial) for trial in shown]),
        "",
    ]


def _text(value: object) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value).lower() or "''"
