"""Figures. Each function returns a Matplotlib figure; its `caption` names data, protocol and model."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from src.evaluation.calibration import calibration_error
from src.evaluation.metrics import Evaluation
from src.utils.files import whole_file

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.axisbelow": True,
    "legend.frameon": False,
}
COLORS = ("#1f5fa8", "#c8501e", "#2f8f5b", "#7a4fa3", "#8a6d1d", "#555555")
_FLOOR = 1e-4  # lower limit of a share on a logarithmic axis; smaller shares are drawn at it


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, completely or not at all, without metadata that would make equal figures differ."""
    with whole_file(path) as part:
        figure.savefig(part, format="png", dpi=150, metadata={"Software": None})


def save_svg(figure: Figure, path: Path) -> None:
    """Write an SVG, completely or not at all; equal figures give equal files."""
    with rc_context({**STYLE, "svg.hashsalt": "ids", "svg.fonttype": "path"}), whole_file(path) as part:
        figure.savefig(part, format="svg", metadata={"Date": None})


def confusion_matrix(confusion: np.ndarray, class_names: tuple[str, ...], caption: str) -> Figure:
    """Draw the confusion matrix with counts and shares of each actual class; rows predicted, columns actual."""
    n = len(class_names)
    with rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(2.6 + 1.3 * n, 2.2 + 1.1 * n), layout="constrained")
        image = draw_confusion(figure.add_subplot(), confusion, class_names)
        figure.colorbar(image, format=PercentFormatter(1), label="share of the actual class")
        _title(figure, "Confusion matrix, test part", caption)
    return figure


def draw_confusion(axes: Any, confusion: np.ndarray, class_names: Sequence[str], *, fontsize: float = 10) -> Any:
    """Draw counts on the axes, colored by the share of each actual class; returns the image for a color bar."""
    share = confusion / np.maximum(confusion.sum(axis=0, keepdims=True), 1)
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(confusion):
        axes.text(
            column, row, f"{count:,}\n{share[row, column]:.2%}",
            ha="center", va="center", color="white" if share[row, column] > 0.6 else "black", fontsize=fontsize,
        )  # fmt: skip
    axes.set_xticks(range(len(class_names)), class_names)
    axes.set_yticks(range(len(class_names)), class_names, rotation=90, va="center")
    axes.set(xlabel="actual class", ylabel="predicted class")
    return image


def attack_recall(per_attack: pd.DataFrame, caption: str) -> Figure:
    """Draw recall and detection of each attack type, most records on top."""
    table = per_attack[::-1].reset_index(drop=True)
    position = np.arange(len(table))
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 1.8 + 0.32 * len(table)), layout="constrained")
        axes = figure.add_subplot()
        axes.barh(position + 0.2, table["recall"], 0.38, color=COLORS[0], label="recall (right class)")
        axes.barh(position - 0.2, table["detected"], 0.38, color=COLORS[1], label="share with an alarm")
        known = table.get("in_training", pd.Series(True, index=table.index))
        marked = table["attack"].where(known, table["attack"] + "*")
        names = [f"{attack} ({count:,})" for attack, count in zip(marked, table["records"], strict=True)]
        axes.set_yticks(position, names)
        axes.set(xlim=(0, 1), ylim=(-0.6, len(table) - 0.4))
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel("share of the type's test records" + ("" if known.all() else "; * the type is not in training"))
        axes.set_ylabel("label (test records)")
        figure.legend(loc="outside lower center", ncols=2)
        _title(figure, "Recall by attack type, test part", caption)
    return figure


def roc(table: pd.DataFrame, caption: str) -> Figure:
    """Draw recall by false-alarm rate, one line for each class of `table`, as steps between the thresholds."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 5.4), layout="constrained")
        axes = figure.add_subplot()
        for style, (name, points) in _styled(table):
            rate = points["false_alarm_rate"].clip(lower=_FLOOR)
            axes.plot(rate, _nines(points["recall"]), drawstyle="steps-post", label=name, clip_on=False, **style)
        axes.set_xscale("log")
        axes.set_xlim(_FLOOR, 1)
        ticks = [10.0**power for power in range(round(math.log10(_FLOOR)), 1)]
        axes.set_xticks(ticks, [f"≤ {ticks[0]:.4g}", *(f"{tick:.4g}" for tick in ticks[1:])])
        axes.set_xlabel("false-alarm rate (logarithmic)")
        _nines_axis(axes.yaxis, "recall")
        _legend(figure)
        _title(figure, "ROC curve, test part", caption)
    return figure


def precision_recall(table: pd.DataFrame, caption: str) -> Figure:
    """Draw precision by recall, one line for each class of `table`."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 5.4), layout="constrained")
        axes = figure.add_subplot()
        for style, (name, points) in _styled(table):
            axes.plot(_nines(points["recall"]), _nines(points["precision"]), label=name, clip_on=False, **style)
        _nines_axis(axes.xaxis, "recall")
        _nines_axis(axes.yaxis, "precision")
        _legend(figure)
        _title(figure, "Precision-recall curve, test part", caption)
    return figure


def alarm_curves(curves: Mapping[str, pd.DataFrame], caption: str) -> Figure:
    """Draw detection and missed attacks by false-alarm rate (ROC and DET), with the bands that the curves have.

    Args:
        curves: Table `curve` of `src.evaluation.operating_points.OperatingPoints`, by name of the detector.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        panels = figure.subplots(1, 2)
        for index, (name, curve) in enumerate(curves.items()):
            style = {"color": COLORS[index % len(COLORS)], "linestyle": ("-", "--", ":")[index // len(COLORS) % 3]}
            for axes, missed in zip(panels, (False, True), strict=True):
                share = {end: _or_missed(curve, f"detection{end}", missed) for end in ("", "_low", "_high")}
                if share["_low"] is not None:
                    axes.fill_between(curve["allowed"], share["_low"], share["_high"], step="post", alpha=0.15,
                                      color=style["color"], linewidth=0)  # fmt: skip
                label = name if missed else None
                axes.plot(curve["allowed"], share[""], drawstyle="steps-post", linewidth=1.8, label=label, **style)
        for axes, label in zip(panels, ("share of attacks with an alarm (ROC)", "missed attacks (DET)"), strict=True):
            axes.set_xscale("log")
            axes.set(xlim=(_FLOOR, 1), xlabel="highest share of normal records with an alarm", ylabel=label)
            axes.minorticks_off()
        panels[0].set_ylim(0, 1)
        panels[1].set_yscale("log")
        panels[1].set_ylim(_FLOOR, 1)
        panels[1].minorticks_off()
        if len(curves) > 1:
            figure.legend(loc="outside lower center", ncols=2)
        _title(figure, "Detection by false alarms, test part; shaded: 95 % over distinct vectors", caption)
    return figure


def _or_missed(curve: pd.DataFrame, column: str, missed: bool) -> pd.Series | None:
    """Column of a curve, or what it misses to 1 on a logarithmic axis; None without the column."""
    if column not in curve:
        return None
    return (1 - curve[column]).clip(lower=_FLOOR) if missed else curve[column]


def reliability(table: pd.DataFrame, caption: str) -> Figure:
    """Draw accuracy by confidence, one line for each value of `probabilities` in `table`, on axes of nines."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 5.6), layout="constrained")
        axes = figure.add_subplot()
        reach = -math.log10(_FLOOR)
        axes.plot([0, reach], [0, reach], color="#999999", linestyle=":", linewidth=1.2, label="as certain as right")
        for index, (name, points) in enumerate(table.groupby("probabilities", sort=False)):
            axes.plot(
                _nines(points["confidence"]), _nines(points["accuracy"]), color=COLORS[index], marker="o", markersize=4,
                linestyle=("-", "--")[index % 2], label=f"{name}: error {calibration_error(points):.3%}", clip_on=False,
            )  # fmt: skip
        _nines_axis(axes.xaxis, "certainty of the most probable class", short=True)
        _nines_axis(axes.yaxis, "accuracy of the bin (below the line: too certain)", short=True)
        _legend(figure, columns=1)
        _title(figure, "Reliability of the probabilities, test part", caption)
    return figure


def _styled(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], Any]]:
    """Line style of each class, with its points."""
    for index, group in enumerate(table.groupby("class", sort=False)):
        dashes = ("-", "--", ":")[index // len(COLORS) % 3]
        yield {"color": COLORS[index % len(COLORS)], "linestyle": dashes, "linewidth": 1.8}, group


def _legend(figure: Figure, columns: int = 3) -> None:
    """Draw the legend below the axes, off the curves."""
    (axes,) = figure.axes
    figure.legend(loc="outside lower center", ncols=min(columns, len(axes.lines)))


def _nines(share: pd.Series) -> pd.Series:
    """Convert shares from 0 to 1 to their number of nines: 0.9 is 1, 0.99 is 2. Good detectors differ in it."""
    return -np.log10((1 - share).clip(lower=_FLOOR))


def _nines_axis(axis: Any, label: str, *, short: bool = False) -> None:
    shares = pd.Series([0, 0.5, 0.9, 0.99, 0.999, 0.9999])
    axis.set_ticks(_nines(shares), [*(f"{share:.4g}" for share in shares[:-1]), f"≥ {shares.iloc[-1]}"])
    axis.set_view_interval(0, -math.log10(_FLOOR), ignore=True)
    axis.set_label_text(label if short else f"{label} (logarithm of what is missing to 1)")


def history(epochs: pd.DataFrame, caption: str) -> Figure:
    """Draw loss and error rate of training and validation by epoch, on logarithmic axes."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for color, column, label in ((0, name, "training"), (1, f"val_{name}", "validation")):
                values = epochs[column] if name == "loss" else 1 - epochs[column]
                axes.plot(epochs["epoch"], values.clip(lower=1e-6), color=COLORS[color], label=label, marker=".")
            axes.set_yscale("log")
            axes.set(xlabel="epoch", ylabel="cross-entropy (nats)" if name == "loss" else "error rate (1 - accuracy)")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend()
        _title(figure, "Training history", caption)
    return figure


def explained_variance(table: pd.DataFrame, caption: str, *, shown: int = 20) -> Figure:
    """Draw the share of variance of each principal component, and the cumulative share."""
    table = table.head(shown)
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.add_subplot()
        axes.bar(table["component"], table["ratio"], color=COLORS[0], label="component")
        axes.plot(table["component"], table["cumulative"], color=COLORS[1], marker="o", label="cumulative")
        for component, value in table[["component", "cumulative"]].head(4).itertuples(index=False):
            axes.annotate(
                f"{value:.1%}", (component, value), (-6, 3), textcoords="offset points", ha="right", fontsize=8
            )
        axes.set(xlabel="principal component", ylabel="explained variance", ylim=(0, 1.08))
        axes.set_xticks(table["component"])
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="center right")
        _title(figure, "Explained variance, training part", caption)
    return figure


def mutual_information(table: pd.DataFrame, caption: str, *, shown: int = 20) -> Figure:
    """Draw the mutual information of the best features with the class."""
    features, table = len(table), table.head(shown)[::-1]
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 1.4 + 0.26 * len(table)), layout="constrained")
        axes = figure.add_subplot()
        names = [f"{name} ({position})" for name, position in zip(table["feature"], table["position"], strict=True)]
        bars = axes.barh(names, table["score"], color=COLORS[0])
        axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
        axes.set_xlabel("mutual information with the class (nats)")
        axes.set_ylabel(f"feature (position of {features})")
        axes.margins(x=0.1)
        _title(figure, "Mutual information, training part", caption)
    return figure


def evaluation_figures(result: Evaluation, class_names: tuple[str, ...], caption: str) -> dict[str, Figure]:
    """Draw the figures of an evaluation, by file name without suffix."""
    figures = {
        "confusion_matrix": confusion_matrix(result.confusion, class_names, caption),
        "attack_recall": attack_recall(result.per_attack, caption),
    }
    if len(result.roc):
        figures["roc"] = roc(result.roc, caption)
        figures["precision_recall"] = precision_recall(result.precision_recall, caption)
    return figures


def _title(figure: Figure, title: str, caption: str) -> None:
    figure.suptitle(f"{title}\n{caption}", fontsize=10, wrap=True)
