"""The pictures of the report on unseen traffic."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from src.evaluation.intervals import Interval
from src.evaluation.plots import COLORS, STYLE
from src.reports.generalization.published import on_the_contest
from src.reports.generalization.tables import SPLITS
from src.reports.runs import Configuration, coverage

_MARKERS = ("o", "s", "D")
_LABEL_WIDTH = 46  # characters in a line of a system's name


def by_split(configurations: Sequence[Configuration], title: str) -> Figure:
    """Errors of each model on each split, with intervals, on a logarithmic axis.

    An interval down to no error has no end on this axis: its bar stops at a twentieth of the error.
    """
    models = list(dict.fromkeys(configuration.title for configuration in configurations))[::-1]
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 1.9 + 0.5 * len(models)), layout="constrained")
        axes = figure.add_subplot()
        for place, split in enumerate(SPLITS):
            on = [configuration for configuration in configurations if configuration.split == split]
            covers = coverage(on)
            points = [
                (models.index(configuration.title), score)
                for configuration in on
                if (score := configuration.score("test_accuracy", covers))
            ]
            if not points:
                continue
            rows = np.array([row for row, _ in points]) + 0.18 * (1 - place)
            error = np.array([1 - score.mean for _, score in points])
            reach = np.array([[score.high - score.mean, score.mean - score.low] for _, score in points]).T
            reach[0] = np.minimum(reach[0], 0.95 * error)  # the upper end is as far as it is
            axes.errorbar(
                error, rows, xerr=reach, fmt=_MARKERS[place], color=COLORS[place],
                capsize=3, label=split, linestyle="none",
            )  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_yticks(range(len(models)), models)
        axes.set(xlabel="error rate on the test records (logarithmic)", ylim=(-0.6, len(models) - 0.4))
        figure.legend(loc="outside lower center", ncols=3, title="split")
        axes.set_title(title, fontsize=11)
    return figure


def contest(configurations: Sequence[Configuration], title: str) -> Figure:
    """Mean cost of every system; ours have intervals."""
    rows: list[tuple[float, str, Interval | None]] = [(one.cost, one.system, None) for one in on_the_contest()]
    covers = coverage(configurations)
    rows += [
        (score.mean, configuration.title, score)
        for configuration in configurations
        if (score := configuration.score("test_mean_cost", covers))
    ]
    rows.sort(key=lambda one: -one[0])
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 1.4 + 0.4 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        handles: dict[str, Any] = {}
        for place, (value, _, score) in enumerate(rows):
            if score is None:
                (handles["published"],) = axes.plot(value, place, "o", color=COLORS[5])
            else:
                reach = [[value - score.low], [score.high - value]]
                handles["ours"] = axes.errorbar([value], [place], xerr=reach, fmt="o", color=COLORS[0], capsize=3)
        axes.set_yticks(range(len(rows)), [fill(name, _LABEL_WIDTH) for _, name, _ in rows], fontsize=9)
        for label, (_, _, score) in zip(axes.get_yticklabels(), rows, strict=True):
            label.set_color(COLORS[5] if score is None else COLORS[0])
        axes.set(xlabel="mean cost of a record (lower is better)")
        figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=2)
        axes.set_title(title, fontsize=11)
    return figure


def attack_types(table: pd.DataFrame, title: str, *, least: int = 20) -> Figure:
    """Share of each attack type's records with an alarm; types that training lacks have another color."""
    shown = table[(table["attack"] != "normal") & (table["records"] >= least)]
    shown = shown.sort_values(["in_training", "detected"], ignore_index=True)
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 1.6 + 0.27 * len(shown)), layout="constrained")
        axes = figure.add_subplot()
        for known, color, label in ((True, COLORS[0], "in training"), (False, COLORS[1], "not in training")):
            part = shown[shown["in_training"] == known]
            axes.barh(part.index, part["detected"], 0.7, color=color, label=label)
        names = [f"{attack} ({count:,})" for attack, count in zip(shown["attack"], shown["records"], strict=True)]
        axes.set_yticks(range(len(shown)), names)
        axes.set(xlim=(0, 1), ylim=(-0.6, len(shown) - 0.4), xlabel="share of its test records that raised an alarm")
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        figure.legend(loc="outside lower center", ncols=2)
        axes.set_title(title, fontsize=11)
    return figure
