"""The paper's figures, drawn from our runs."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, PercentFormatter

from src.evaluation.plots import COLORS, STYLE, draw_confusion
from src.reports.paper.paper import find, paper_task
from src.reports.paper.results import PaperResults
from src.reports.runs import Configuration, Run
from src.reports.titles import input_name

PAPER = "#c8501e"
# Model, metric, label, marker and color of each row of marks in figure 8.
_MARKS = (
    ("lstm", "train_accuracy", "LSTM training accuracy", "o", "#9bb8d9"),
    ("lstm", "test_accuracy", "LSTM test accuracy", "s", COLORS[0]),
    ("lstm", "test_recall", "LSTM recall", "D", COLORS[4]),
    ("lstm", "test_precision", "LSTM precision", "^", COLORS[2]),
    ("lstm", "test_f1", "LSTM F1", "v", COLORS[3]),
    ("decision_tree", "test_accuracy", "decision tree, test accuracy", "x", "#222222"),
    ("random_forest", "test_accuracy", "random forest, test accuracy", "+", "#222222"),
)
_LEAST_ERROR = 1e-5  # a smaller error is drawn as this
# Marker and color of each reducer, and the factor on k that keeps equal times from lying on each other.
_REDUCERS = {"pca": ("o", COLORS[0], 0.95), "mi": ("s", COLORS[1], 1.05), "none": ("D", COLORS[2], 1.0)}


def explained_variance(runs: Sequence[tuple[str, Run]], of_paper: str, title: str, *, shown: int = 10) -> Figure:
    """Cumulative explained variance of each task's training part, and the numbers of the paper."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for place, (label, run) in enumerate(runs):
            table = pd.read_csv(run.files() / "explained_variance.csv").head(shown)
            color = COLORS[0 if place == 0 else 2]
            axes.plot(table["component"], table["cumulative"], marker="o", color=color, label=label)
            # left above the first curve and right below the second: the curves rise, so no label lies on a line
            offset, side = ((-7, 5), "right") if place == 0 else ((7, -12), "left")
            for component, value in table[["component", "cumulative"]].head(3).itertuples(index=False):
                axes.annotate(
                    f"{value:.1%}", (component, value), offset, textcoords="offset points",
                    color=color, fontsize=9, ha=side,
                )  # fmt: skip
        for k in (2, 3):
            if number := find("variance", of_paper, k):
                bound = "more than " if number.at_least else ""
                axes.hlines(
                    number.value / 100, k + 0.2, k + 0.55, color=PAPER, linewidth=3,
                    label=f"paper: {bound}{number.value:.0f} % with {k}",
                )  # fmt: skip
        axes.set(xlabel="principal components", ylabel="explained variance (cumulative)", ylim=(0.3, 1.02))
        axes.set_xlim(0, shown + 0.5)
        axes.set_xticks(range(1, shown + 1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="lower right")
        axes.set_title(title, fontsize=11)
    return figure


def mutual_information(run: Run, title: str, paper_positions: Sequence[int], *, shown: int = 15) -> Figure:
    """Mutual information of the best features with the class; those the paper names in its own color."""
    table = pd.read_csv(run.files() / "mutual_information.csv").head(shown)[::-1]
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 1.6 + 0.27 * len(table)), layout="constrained")
        axes = figure.add_subplot()
        names = [f"{feature} ({place})" for feature, place in zip(table["feature"], table["position"], strict=True)]
        colors = [PAPER if place in paper_positions else COLORS[0] for place in table["position"]]
        axes.bar_label(axes.barh(names, table["score"], color=colors), fmt="%.3f", padding=3, fontsize=9)
        axes.set(xlabel="mutual information with the class (nats)", ylabel="feature (its position among the 53)")
        axes.margins(x=0.12)
        handles = [Line2D([], [], marker="s", linestyle="none", color=COLORS[0], label="our runs")]
        if paper_positions:
            label = f"named by the paper: {', '.join(map(str, paper_positions))}"
            handles.append(Line2D([], [], marker="s", linestyle="none", color=PAPER, label=label))
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
        axes.set_title(title, fontsize=11)
    return figure


def network(run: Run) -> Figure:
    """The network of one run, layer by layer, over its k time steps."""
    p = run.params
    k, units, layers = int(p["k"]), p["model.units"], int(p["model.layers"])
    frequencies = int(p["model.fourier.n_frequencies"])
    classes = len(json.loads((run.files() / "confusion_matrix.json").read_text())["classes"])
    rows = [f"input: k = {k} values, one a time step", f"standardized x {float(p['model.input_scale']):g}"]
    if frequencies:
        rows.append(f"+ sine and cosine at {frequencies} trained frequencies")
    rows += [f"LSTM, {units} units" for _ in range(layers)]
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 1.5 + 0.75 * (len(rows) + 1)), layout="constrained")
        axes = figure.add_subplot()
        axes.axis("off")
        steps = min(k, 3)
        for row, text in enumerate(rows):
            y = 1.3 * row
            axes.text(-0.5, y + 0.4, text, ha="right", va="center", fontsize=10)
            for step in range(steps):
                _box(
                    axes,
                    1.9 * step,
                    y,
                    f"x{step + 1}" if row == 0 else f"t = {step + 1}",
                    COLORS[0] if "LSTM" in text else "#777777",
                )
                if row:
                    _arrow(axes, (1.9 * step + 0.6, y - 0.5), (1.9 * step + 0.6, y))
                if "LSTM" in text and step:
                    _arrow(axes, (1.9 * step - 0.7, y + 0.4), (1.9 * step, y + 0.4))
        top = 1.3 * len(rows)
        _box(axes, 1.9 * (steps - 1), top, f"{classes}", COLORS[2])
        _arrow(axes, (1.9 * (steps - 1) + 0.6, top - 0.5), (1.9 * (steps - 1) + 0.6, top))
        axes.text(-0.5, top + 0.4, f"dense, softmax: {classes} classes", ha="right", va="center", fontsize=10)
        more = f" (first {steps} of {k} steps)" if k > steps else ""
        axes.set_title(f"{int(float(p['derived.network_parameters'])):,} trained weights{more}", fontsize=11)
        axes.set(xlim=(-5.2, 1.9 * steps), ylim=(-0.2, top + 1.1))
    return figure


def _box(axes: Any, x: float, y: float, text: str, color: str) -> None:
    axes.add_patch(FancyBboxPatch((x, y), 1.2, 0.8, boxstyle="round,pad=0.02", facecolor=color, edgecolor="none"))
    axes.text(x + 0.6, y + 0.4, text, ha="center", va="center", color="white", fontsize=10)


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color="#333333"))


def _mean(one: Configuration | None, metric: str) -> float | None:
    """Mean of a metric over the runs of a configuration, if there are any; `test_f1` stands for the F1 of its task."""
    return one.mean(f"test_{one.f1}" if metric == "test_f1" else metric) if one else None


def performance(results: PaperResults, task: str, title: str) -> Figure:
    """Accuracy, recall, precision and F1 of the LSTM on every input, and the test accuracy of the baselines.

    The axis is logarithmic in the error, so that 99.9 and 99.99 % are apart.
    """
    inputs = [one for one in results.inputs if results.first(task, *one)][::-1]
    paper = find("accuracy", paper_task(task))
    errors = [1 - paper.value / 100] if paper else []
    with rc_context(STYLE):
        figure = Figure(figsize=(7.2, 1.9 + 0.95 * len(inputs)), layout="constrained")
        axes = figure.add_subplot()
        for order, (model, metric, label, marker, color) in enumerate(_MARKS):
            points = [
                (max(1 - share, _LEAST_ERROR), place)
                for place, one in enumerate(inputs)
                if (share := _mean(results.get(task, *one, model), metric)) is not None
            ]
            if not points:
                continue
            errors += [error for error, _ in points]
            # one row for each mark, so that none lies on another
            rows = [place + 0.36 - 0.12 * order for _, place in points]
            axes.plot(
                [error for error, _ in points], rows, marker, linestyle="none", markersize=6, color=color, label=label,
            )  # fmt: skip
        if paper:
            axes.axvline(1 - paper.value / 100, color=PAPER, linewidth=1.2, label=f"paper, PCA 2: accuracy {paper}")
        axes.set_yticks(range(len(inputs)), [input_name(*one) for one in inputs])
        axes.set_ylim(-0.6, len(inputs) - 0.4)
        axes.set_xscale("log")
        axes.set_xlim(2 * max(errors), min(errors) / 2)  # better is to the right
        wide = max(errors) > 500 * min(errors)  # labels at every factor of three would overlap
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 3.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 * (1 - error):.7g} %"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", visible=False)
        mean = "" if task == "binary" else "macro mean over the classes, "
        axes.set(xlabel=f"share ({mean}logarithmic in the error)", ylabel="input of the models")
        for edge in range(len(inputs) - 1):
            axes.axhline(edge + 0.5, color="#dddddd", linewidth=0.8)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
        axes.set_title(title, fontsize=11)
    return figure


def confusion_matrices(runs: Sequence[tuple[str, Run]], title: str) -> Figure:
    """Confusion matrices side by side, two a row; rows predicted, columns actual."""
    read = [(label, json.loads((run.files() / "confusion_matrix.json").read_text())) for label, run in runs]
    n = max(len(one["classes"]) for _, one in read)
    lines = -(-len(read) // 2)
    with rc_context({**STYLE, "axes.grid": False, "axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(6.4, 0.6 + lines * (1.5 + 0.5 * n)), layout="constrained")
        grid = figure.subplots(lines, 2, squeeze=False).ravel()
        for axes, (label, one) in zip(grid, read, strict=False):
            counts = np.array(one["rows_predicted_columns_actual"])
            draw_confusion(axes, counts, one["classes"], fontsize=9)
            axes.set_aspect("auto")
            axes.set_title(label, fontsize=10)
        for axes in grid[len(read) :]:
            axes.axis("off")
        figure.suptitle(f"{title}\ntest records, and share of the actual class", fontsize=11)
    return figure


def processing_time(results: PaperResults, task: str, title: str) -> Figure:
    """Training seconds by number of inputs: one epoch of ours, and the paper's whole training.

    Both panels span the same factor, so that slopes compare.
    """
    ours, theirs = [], []
    for reducer, k in results.inputs:
        if run := results.first(task, reducer, k):
            ours.append((reducer, k, run.metrics["epoch_seconds_median"]))
        if number := find("seconds", reducer, k, paper_task(task)):
            theirs.append((reducer, k, number.value))
    panels = [(points, words) for points, words in ((ours, "ours, one epoch"), (theirs, "paper, whole")) if points]
    ends = [(min(seconds), max(seconds)) for points, _ in panels for seconds in [[one for _, _, one in points]]]
    reach = max(3, 1.3 * max(high / low for low, high in ends) ** 0.5)
    ticks = sorted({k for _, k in results.inputs})
    with rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3.9), layout="constrained")
        for axes, (points, words), (low, high) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels, ends, strict=True
        ):
            for reducer, (marker, color, shift) in _REDUCERS.items():
                line = [(k * shift, seconds) for name, k, seconds in points if name == reducer]
                axes.plot(
                    *(zip(*line, strict=True) if line else ([], [])), marker=marker, color=color,
                    label={"none": "all features"}.get(reducer, reducer.upper()),
                )  # fmt: skip
            middle = (low * high) ** 0.5
            axes.set(xscale="log", yscale="log", xlabel="inputs k (time steps)", ylabel="seconds")
            axes.set(xlim=(ticks[0] / 1.2, ticks[-1] * 1.2), ylim=(middle / reach, middle * reach))
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
            axes.yaxis.set_major_formatter(
                FuncFormatter(lambda seconds, _: f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.2g}")
            )
            axes.minorticks_off()
            axes.set_xticks(ticks, [str(k) for k in ticks])
            axes.set_title(words, fontsize=10)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        figure.suptitle(title, fontsize=11)
    return figure
