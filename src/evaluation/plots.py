"""Pictures. Each function draws one and returns a Matplotlib figure; `caption` says which data, protocol and model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from src.evaluation.metrics import Evaluation
from src.files import whole_file

_STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.axisbelow": True,
    "legend.frameon": False,
}
_COLORS = ("#1f5fa8", "#c8501e", "#2f8f5b", "#7a4fa3", "#8a6d1d", "#555555")


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all, without the date that would make equal pictures differ."""
    with whole_file(path) as part:
        figure.savefig(part, format="png", dpi=150, metadata={"Software": None})


def confusion_matrix(confusion: np.ndarray, class_names: tuple[str, ...], caption: str) -> Figure:
    """Counts, and the share of each actual class; rows predicted, columns actual."""
    n = len(class_names)
    share = confusion / np.maximum(confusion.sum(axis=0, keepdims=True), 1)
    with rc_context({**_STYLE, "axes.grid": False}):
        figure = Figure(figsize=(2.6 + 1.3 * n, 2.2 + 1.1 * n), layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for row in range(n):
            for column in range(n):
                axes.text(
                    column, row, f"{confusion[row, column]:,}\n{share[row, column]:.2%}",
                    ha="center", va="center", color="white" if share[row, column] > 0.5 else "black",
                )  # fmt: skip
        axes.set_xticks(range(n), class_names)
        axes.set_yticks(range(n), class_names, rotation=90, va="center")
        axes.set_xlabel("actual class")
        axes.set_ylabel("predicted class")
        figure.colorbar(image, format=PercentFormatter(1), label="share of the actual class")
        _title(figure, "Confusion matrix, test part", caption)
    return figure


def attack_recall(per_attack: pd.DataFrame, caption: str) -> Figure:
    """Recall and detection of each attack type, most records on top."""
    table = per_attack[::-1].reset_index(drop=True)
    place = np.arange(len(table))
    with rc_context(_STYLE):
        figure = Figure(figsize=(8, 1.8 + 0.32 * len(table)), layout="constrained")
        axes = figure.add_subplot()
        axes.barh(place + 0.2, table["recall"], 0.38, color=_COLORS[0], label="recall (right class)")
        axes.barh(place - 0.2, table["detected"], 0.38, color=_COLORS[1], label="share with an alarm")
        names = [f"{attack} ({count:,})" for attack, count in zip(table["attack"], table["records"], strict=True)]
        axes.set_yticks(place, names)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel("share of the type's test records")
        axes.set_ylabel("label (test records)")
        figure.legend(loc="outside lower center", ncols=2)
        _title(figure, "Recall by attack type, test part", caption)
    return figure


def curve(table: pd.DataFrame, x: str, y: str, title: str, caption: str) -> Figure:
    """One line a class of `table`, both axes shares from 0 to 1."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(6, 4.8), layout="constrained")
        axes = figure.add_subplot()
        for color, (name, points) in zip(_COLORS, table.groupby("class", sort=False), strict=False):
            axes.plot(points[x], points[y], color=color, label=str(name), linewidth=1.8, clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1.005), xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="lower center", title="class")
        _title(figure, title, caption)
    return figure


def history(epochs: pd.DataFrame, caption: str) -> Figure:
    """Loss and error rate of training and validation by epoch, on logarithmic axes."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for color, column, label in ((0, name, "training"), (1, f"val_{name}", "validation")):
                values = epochs[column] if name == "loss" else 1 - epochs[column]
                axes.plot(epochs["epoch"], values.clip(lower=1e-6), color=_COLORS[color], label=label, marker=".")
            axes.set_yscale("log")
            axes.set(xlabel="epoch", ylabel="cross-entropy (nats)" if name == "loss" else "error rate (1 - accuracy)")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend()
        _title(figure, "Training history", caption)
    return figure


def explained_variance(table: pd.DataFrame, caption: str, *, shown: int = 20) -> Figure:
    """Share of variance by principal component, and its running sum."""
    table = table.head(shown)
    with rc_context(_STYLE):
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.add_subplot()
        axes.bar(table["component"], table["ratio"], color=_COLORS[0], label="component")
        axes.plot(table["component"], table["cumulative"], color=_COLORS[1], marker="o", label="cumulative")
        for component, value in table[["component", "cumulative"]].head(4).itertuples(index=False):
            axes.annotate(f"{value:.1%}", (component, value), (0, 7), textcoords="offset points", ha="center")
        axes.set(xlabel="principal component", ylabel="explained variance", ylim=(0, 1.08))
        axes.set_xticks(table["component"])
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="center right")
        _title(figure, "Explained variance, training part", caption)
    return figure


def mutual_information(table: pd.DataFrame, caption: str, *, shown: int = 20) -> Figure:
    """Mutual information of the best features with the class."""
    table = table.head(shown)[::-1]
    with rc_context(_STYLE):
        figure = Figure(figsize=(8, 1.4 + 0.26 * len(table)), layout="constrained")
        axes = figure.add_subplot()
        names = [f"{name} ({place})" for name, place in zip(table["feature"], table["position"], strict=True)]
        bars = axes.barh(names, table["score"], color=_COLORS[0])
        axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
        axes.set_xlabel("mutual information with the class (nats)")
        axes.set_ylabel("feature (position of 53)")
        axes.margins(x=0.1)
        _title(figure, "Mutual information, training part", caption)
    return figure


def evaluation_figures(result: Evaluation, class_names: tuple[str, ...], caption: str) -> dict[str, Figure]:
    """The pictures of one evaluation, by the name of their file without its ending."""
    figures = {
        "confusion_matrix": confusion_matrix(result.confusion, class_names, caption),
        "attack_recall": attack_recall(result.per_attack, caption),
    }
    if len(result.roc):
        figures["roc"] = curve(result.roc, "false_alarm_rate", "recall", "ROC curve, test part", caption)
        figures["precision_recall"] = curve(
            result.precision_recall, "recall", "precision", "Precision-recall curve, test part", caption
        )
    return figures


def _title(figure: Figure, title: str, caption: str) -> None:
    figure.suptitle(f"{title}\n{caption}", fontsize=11)
