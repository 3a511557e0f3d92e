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
from matplotlib.ticker import MaxNLocator, PercentFormatter

from src.evaluation.plots import COLORS, STYLE, draw_confusion
from src.reports.paper.paper import find, paper_task
from src.reports.paper.results import PaperResults, input_name
from src.reports.runs import Run

PAPER = "#c8501e"
_METRICS = {
    "train_accuracy": "LSTM training accuracy",
    "test_accuracy": "LSTM test accuracy",
    "test_recall": "LSTM recall",
    "test_precision": "LSTM precision",
    "test_f1": "LSTM F1",
}


def explained_variance(runs: Sequence[tuple[str, Run]], of_paper: str, title: str, *, shown: int = 10) -> Figure:
    """Cumulative explained variance of each task's training part, and what the paper states of it."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for place, (label, run) in enumerate(runs):
            table = pd.read_csv(run.files() / "explained_variance.csv").head(shown)
            color = COLORS[0 if place == 0 else 2]
            axes.plot(table["component"], table["cumulative"], marker="o", color=color, label=label)
            for component, value in table[["component", "cumulative"]].head(3).itertuples(index=False):
                below = place > 0
                axes.annotate(
                    f"{value:.1%}", (component, value), (6, -12 if below else 6), textcoords="offset points",
                    color=color, fontsize=9,
                )  # fmt: skip
        for k in (2, 3):
            if number := find("variance", of_paper, k):
                bound = "more than " if number.at_least else ""
                axes.plot(
                    k, number.value / 100, marker="_", markersize=22, markeredgewidth=3, color=PAPER, linestyle="none",
                    label=f"paper: {bound}{number.value:.0f} % with {k}",
                )  # fmt: skip
        axes.set(xlabel="principal components", ylabel="explained variance (cumulative)", ylim=(0.3, 1.02))
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
        axes.legend(handles=handles, loc="lower right")
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


def performance(results: PaperResults, task: str, title: str) -> Figure:
    """Accuracy, recall, precision and F1 of the LSTM on every input, and the test accuracy of the baselines."""
    inputs = [one for one in results.inputs if results.first(task, *one)][::-1]
    paper = find("accuracy", paper_task(task))
    colors = ("#9bb8d9", *COLORS)
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 1.9 + 0.62 * len(inputs)), layout="constrained")
        axes = figure.add_subplot()
        place = np.arange(len(inputs))
        lowest = [1.0]
        for order, (metric, label) in enumerate(_METRICS.items()):
            values = [float(np.mean([run.metrics[metric] for run in results.runs_of(task, *one)])) for one in inputs]
            lowest += values
            axes.plot(
                values, place + 0.24 - 0.12 * order, marker="osD^v"[order], linestyle="none", markersize=6,
                color=colors[order], label=label,
            )  # fmt: skip
        for model, marker in (("decision_tree", "x"), ("random_forest", "+")):
            shown = [(results.first(task, *one, model), y) for one, y in zip(inputs, place, strict=True)]
            points = [(run.metrics["test_accuracy"], y) for run, y in shown if run]
            if points:
                axes.plot(
                    [value for value, _ in points], [y - 0.36 for _, y in points], marker=marker, linestyle="none",
                    color="#222222", markersize=7, label=f"{model.replace('_', ' ')}, test accuracy",
                )  # fmt: skip
                lowest += [value for value, _ in points]
        if paper:
            axes.axvline(paper.value / 100, color=PAPER, linewidth=1.2, label=f"paper, PCA 2: accuracy {paper}")
        axes.set_yticks(place, [input_name(*one) for one in inputs])
        axes.set_ylim(-0.6, len(inputs) - 0.4)
        low = min(lowest)
        axes.set_xlim(low - 0.1 * (1 - low), 1 + 0.03 * (1 - low))
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=1))
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.set(xlabel="share (macro mean over classes where there are 3)", ylabel="input of the models")
        for edge in place[:-1]:
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
    """Training seconds by number of inputs, ours and the paper's, on logarithmic axes."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        axes = figure.add_subplot()
        for place, reducer in enumerate(("pca", "mi", "none")):
            ours = [
                (k, run.metrics["epoch_seconds_median"])
                for r, k in results.inputs
                if r == reducer and (run := results.first(task, r, k))
            ]
            theirs = [
                (k, number.value) for k in (4, 10, 53) if (number := find("seconds", reducer, k, paper_task(task)))
            ]
            label = {"none": "all features"}.get(reducer, reducer.upper())
            for points, color, words in ((ours, COLORS[0], "ours, {}: one epoch"), (theirs, PAPER, "paper, {}: whole")):
                line = "-" if len(points) > 1 else "none"
                if points:
                    style: dict[str, Any] = {
                        "marker": "osD"[place],
                        "color": color,
                        "alpha": 1 - 0.25 * place,
                        "linestyle": line,
                    }
                    axes.plot(*zip(*points, strict=True), label=words.format(label), **style)
        axes.set(xscale="log", yscale="log", xlabel="inputs k (time steps)", ylabel="seconds")
        ticks = sorted({k for _, k in results.inputs})
        axes.set_xticks(ticks, [str(k) for k in ticks])
        axes.minorticks_off()
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
        axes.set_title(title, fontsize=11)
    return figure
