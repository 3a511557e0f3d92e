"""Pictures of a study for its page. Each function draws one and returns a Matplotlib figure.

Optuna's own Matplotlib pictures do not replace them. They have no logarithmic axis for scores and leave out pruned and
failed trials. With ten parameters their labels overlap. They also change Matplotlib's global style.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from src.evaluation.metric_kinds import less_is_better
from src.evaluation.plots import COLORS, STYLE

DONE, PRUNED, BEST, FAILED = COLORS[0], "#9aa4ad", COLORS[1], "#b01030"
_COLUMNS = 3
Trials = Sequence[FrozenTrial]


class Scale:
    """Axis of one objective.

    A score is drawn as its distance to 100 % on a logarithmic axis, so that 99.4 and 99.6 % look different. Other
    objectives are drawn as they are.

    Args:
        objective: Name of the figure that is optimized.
        direction: `maximize` or `minimize`.

    Attributes:
        label: Label of the axis.
        log: True for a logarithmic axis.
        low_is_good: True where a lower point is a better one.
    """

    def __init__(self, objective: str, direction: str):
        of_validation = objective.startswith("val_")
        self._is_score = of_validation and not less_is_better(objective)
        words = objective.removeprefix("val_").replace("macro_f1", "macro F1").replace("_", " ")
        words += " on validation" * of_validation
        self.label = f"100 % - {words}" if self._is_score else words
        self.log = self._is_score
        self.low_is_good = self._is_score == (direction == "maximize")

    def __call__(self, value: float) -> float:
        return max(100 * (1 - value), 1e-3) if self._is_score else value

    def from_worst(self, complete: "Trials") -> list[FrozenTrial]:
        """Sort trials by the first objective, the best last; of equal ones the oldest is the best."""
        sign = 1 if self.low_is_good else -1
        return sorted(complete, key=lambda trial: (sign * self(trial.values[0]), trial.number), reverse=True)

    def apply(self, axis: Any) -> None:
        """Set up a Matplotlib axis (x or y)."""
        if self.log:
            _logarithmic(axis)
        axis.set_label_text(self.label)


def _logarithmic(axis: Any) -> None:
    """Make an axis logarithmic, with labels at 1, 2 and 5 times the powers of ten.

    A vertical axis of a short range has a label at every tick, as it may contain no such number.
    """

    def minor(value: float, _: int) -> str:
        low, high = sorted(axis.get_view_interval())
        every = axis.axis_name == "y" and high < 3 * low
        return f"{value:g}" if every or f"{value:.1e}"[:3] in ("2.0", "5.0") else ""

    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(FuncFormatter(minor))


def history(trials: Trials, scale: Scale, title: str) -> Figure:
    """Draw every trial in order, and the best score so far."""
    complete = _complete(trials)
    with rc_context(STYLE):
        figure = Figure(figsize=(7.5, 4), layout="constrained")
        axes = figure.add_subplot()
        numbers, values = [t.number for t in complete], [scale(t.values[0]) for t in complete]
        axes.plot(numbers, values, "o", color=DONE, label="complete")
        pruned = [trial for trial in trials if trial.state == TrialState.PRUNED and trial.intermediate_values]
        if pruned:
            heights = [scale(max(trial.intermediate_values.values())) for trial in pruned]
            axes.plot([t.number for t in pruned], heights, "x", color=PRUNED, label="pruned, at its best epoch")
        failed = [trial.number for trial in trials if trial.state == TrialState.FAIL]
        if failed:
            places = [0.03] * len(failed)
            axes.plot(failed, places, "v", color=FAILED, label="failed", transform=axes.get_xaxis_transform())
        better = np.minimum if scale.low_is_good else np.maximum
        axes.step(numbers, better.accumulate(values), where="post", color=BEST, label="best so far")
        scale.apply(axes.yaxis)
        axes.set_xlabel("trial")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(figure, axes)
        axes.set_title(title, fontsize=11)
    return figure


def importances(shares: Mapping[str, float], title: str) -> Figure:
    """Draw the importance of each parameter: its share in the difference between good trials and poor ones."""
    with rc_context({**STYLE, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(7, 1.4 + 0.34 * len(shares)), layout="constrained")
        axes = figure.add_subplot()
        names = list(shares)[::-1]
        bars = axes.barh(names, [shares[name] for name in names], color=DONE)
        axes.bar_label(bars, [f"{shares[name]:.2f}" for name in names], padding=4)
        axes.set(xlabel="importance (PED-ANOVA, sum 1)", xlim=(0, max(0.1, *shares.values()) * 1.12))
        axes.set_title(title, fontsize=11)
    return figure


def slices(trials: Trials, scale: Scale, title: str) -> Figure:
    """Draw the first objective over each parameter."""
    complete = scale.from_worst(_complete(trials))
    names = _names(complete)
    rows = -(-len(names) // _COLUMNS)
    columns = min(_COLUMNS, len(names))
    with rc_context(STYLE):
        figure = Figure(figsize=(max(6.0, 2.9 * columns), 0.5 + 2.6 * rows), layout="constrained")
        grid = np.atleast_2d(figure.subplots(rows, columns, sharey=True, squeeze=False))
        for place, axes in enumerate(grid.flat):
            if place >= len(names):
                axes.axis("off")
                continue
            name = names[place]
            with_it = [trial for trial in complete if name in trial.params]
            at, ticks, log = _positions(name, with_it)
            axes.scatter(
                [at(trial) for trial in with_it], [scale(trial.values[0]) for trial in with_it], s=18, alpha=0.8,
                c=[BEST if trial is complete[-1] else DONE for trial in with_it],
            )  # fmt: skip
            if log:
                _logarithmic(axes.xaxis)
            elif isinstance(with_it[0].distributions[name], IntDistribution):
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if ticks:
                axes.set_xticks(range(len(ticks)), ticks)
                axes.set_xlim(-0.5, len(ticks) - 0.5)
            scale.apply(axes.yaxis)
            axes.set(xlabel=name, ylabel="")
        figure.supylabel(scale.label, fontsize=10)
        figure.suptitle(f"{title} (the best in orange)", fontsize=11)
    return figure


def parallel_coordinates(trials: Trials, scale: Scale, title: str) -> Figure:
    """Draw each trial as a line through its values; good ones are dark, the best is orange."""
    complete = scale.from_worst(_complete(trials))
    names = _names(complete)
    with rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(min(11.0, max(7.0, 1.25 * len(names) + 2)), 4.6), layout="constrained")
        axes = figure.add_subplot()
        shades = colormaps["Blues"](np.linspace(0.15, 0.95, len(complete)))
        for shade, trial in zip(shades, complete, strict=True):
            heights = [_height(name, trial, complete) for name in names]
            top = trial is complete[-1]
            axes.plot(range(len(names)), heights, color=BEST if top else shade, linewidth=2.5 if top else 1.1,
                      zorder=3 if top else 2, marker="o", markersize=3)  # fmt: skip
        for place, name in enumerate(names):
            axes.axvline(place, color="#888888", linewidth=0.8, zorder=1)
            for height, text in _ends(name, complete):
                axes.annotate(  # beside the axis, where no line ends
                    text, (place, height), (4, 0), textcoords="offset points", fontsize=8, va="center", zorder=4,
                    bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
                )  # fmt: skip
        axes.set_xticks(range(len(names)), names, rotation=25, ha="right")
        axes.set(yticks=[], xlim=(-0.2, len(names) - 0.4), ylim=(-0.07, 1.07))
        axes.spines[:].set_visible(False)
        axes.set_title(f"{title}\n(dark: good, orange: the best)", fontsize=11)
    return figure


def learning_curves(trials: Trials, title: str) -> Figure:
    """Draw the validation accuracy after each epoch, and where trials were pruned."""
    scale = Scale("val_accuracy", "maximize")
    with rc_context(STYLE):
        figure = Figure(figsize=(7.5, 4), layout="constrained")
        axes = figure.add_subplot()
        shown = [trial for trial in trials if trial.intermediate_values and trial.state != TrialState.RUNNING]
        best = max(_complete(shown), key=lambda trial: (trial.values[0], -trial.number), default=None)
        for trial in shown:
            done = trial.state == TrialState.COMPLETE
            steps, values = zip(*sorted(trial.intermediate_values.items()), strict=True)
            color, width, order = (BEST, 2, 4) if trial is best else (DONE, 0.8, 3) if done else (PRUNED, 0.8, 2)
            axes.plot(steps, [scale(value) for value in values], color=color, linewidth=width, zorder=order)
            if not done:
                axes.plot(steps[-1], scale(values[-1]), "x", color="#5a646d", markersize=5, zorder=3)
        labels = {BEST: "the best", DONE: "complete"}
        if any(trial.state != TrialState.COMPLETE for trial in shown):
            labels[PRUNED] = "pruned"
        for color, label in labels.items():
            axes.plot([], [], color=color, label=label)
        scale.apply(axes.yaxis)
        axes.set_xlabel("epoch")
        _legend(figure, axes)
        axes.set_title(title, fontsize=11)
    return figure


def pareto_front(trials: Trials, front: Trials, scales: Sequence[Scale], title: str) -> Figure:
    """Draw two objectives, and the trials that no other trial beats in both."""
    with rc_context(STYLE):
        figure = Figure(figsize=(7, 4.4), layout="constrained")
        axes = figure.add_subplot()
        first, second = scales[:2]
        others = _complete(trials)
        axes.plot([second(t.values[1]) for t in others], [first(t.values[0]) for t in others], "o", color=PRUNED,
                  markersize=4, label="beaten")  # fmt: skip
        best = sorted(front, key=lambda trial: trial.values[1])
        axes.step([second(t.values[1]) for t in best], [first(t.values[0]) for t in best], where="post", color=BEST,
                  marker="o", label="front")  # fmt: skip
        first.apply(axes.yaxis)
        second.apply(axes.xaxis)
        _logarithmic(axes.xaxis)
        _legend(figure, axes)
        axes.set_title(title, fontsize=11)
    return figure


def _legend(figure: Figure, axes: Any) -> None:
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)


def _complete(trials: Trials) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.state == TrialState.COMPLETE]


def _names(complete: Trials) -> list[str]:
    return list(dict.fromkeys(name for trial in complete for name in trial.params))


def _positions(name: str, with_it: Trials) -> tuple[Callable[[FrozenTrial], float], list[str], bool]:
    """A trial's position on a parameter's axis, the labels of the choices, and True for a logarithmic axis."""
    distribution: BaseDistribution = with_it[0].distributions[name]
    if isinstance(distribution, CategoricalDistribution):
        choices = list(distribution.choices)
        return lambda trial: choices.index(trial.params[name]), [str(choice) for choice in choices], False
    return lambda trial: trial.params[name], [], bool(getattr(distribution, "log", False))


def _range(name: str, complete: Trials) -> tuple[float, float]:
    """Ends of a numeric parameter's range over all branches of the space."""
    found: list[Any] = [trial.distributions[name] for trial in complete if name in trial.params]
    return min(distribution.low for distribution in found), max(distribution.high for distribution in found)


def _height(name: str, trial: FrozenTrial, complete: Trials) -> float:
    """A trial's position on an axis from 0 to 1; NaN where the trial does not have the parameter."""
    if name not in trial.params:
        return float("nan")
    at, ticks, log = _positions(name, [trial])
    if ticks:
        return at(trial) / max(1, len(ticks) - 1)
    low, high = _range(name, complete)
    value = at(trial)
    if log:
        low, high, value = np.log(low), np.log(high), np.log(value)
    return float((value - low) / (high - low)) if high > low else 0.5


def _ends(name: str, complete: Trials) -> list[tuple[float, str]]:
    """Positions and labels along a parameter's axis: every choice, or both ends of the range."""
    with_it = [trial for trial in complete if name in trial.params]
    _, ticks, _ = _positions(name, with_it)
    if ticks:
        return [(place / max(1, len(ticks) - 1), text) for place, text in enumerate(ticks)]
    low, high = _range(name, complete)
    return [(0.0, f"{low:g}"), (1.0, f"{high:g}")]
