"""Measures how the cost of each stage grows with the number of records and with k: a figure and fitted exponents.

The records are simulated. Ten copies of real records would be too easy, because the project merges copies.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np

from benchmarks.contest import least
from benchmarks.inputs import build_settings
from src.config.settings import Settings
from src.detector.card import Card
from src.detector.detector import Detector
from src.detector.file_scoring import score_file
from src.pipeline.stage_outputs import StageOutputs
from src.pipeline.stages import (
    write_preprocessed,
    write_raw,
    write_reduced,
    write_reduction_reports,
    write_sampled,
)
from src.utils.paths import Workspace

BASE, TIMES, K = 49_402, (1, 2, 5, 10), (2, 5, 10, 20, 53)  # ten times the base is the size of the 10 % file
LINEAR = 1.1  # exponents up to this count as linear: fits to four points scatter by as much
Seconds = dict[str, float]


@dataclass(frozen=True)
class Growth:
    """Seconds of a stage at several sizes."""

    stage: str
    size: list[int]
    seconds: list[float]

    @property
    def exponent(self) -> float:
        """Slope of the least-squares line through log seconds over log size."""
        return float(np.polyfit(np.log(self.size), np.log(self.seconds), 1)[0])


def by_records(scratch: Path, sizes: list[int], rounds: int) -> list[Growth]:
    """Measure all stages of the default config."""
    return _curves(sizes, [_of_records(scratch, size, rounds) for size in sizes])


def by_k(scratch: Path, records: int, ks: list[int], rounds: int) -> list[Growth]:
    """Measure the stages that depend on k, with components; all 53 components are a rotation of all features."""
    made = Workspace(scratch / f"records-{records}")
    found = [
        _of_k(build_settings("dataset=simulated", f"dataset.records={records}", f"k={k}"), made, rounds) for k in ks
    ]
    return _curves(ks, found)


def _curves(sizes: list[int], found: list[Seconds]) -> list[Growth]:
    return [Growth(stage, sizes, [one[stage] for one in found]) for stage in found[0]]


def _of_records(scratch: Path, records: int, rounds: int) -> Seconds:
    settings = build_settings("dataset=simulated", f"dataset.records={records}")
    made = Workspace(scratch / f"records-{records}")
    write_raw(settings, made)
    seconds = {
        "preprocess": least(lambda: write_preprocessed(settings, made, made), rounds),
        "sample": least(lambda: write_sampled(settings, made, made), rounds),
    }

    def reduce() -> None:
        outputs = StageOutputs(settings, made, making="reduce")
        write_reduced(outputs, settings, made)
        write_reduction_reports(outputs, settings, made)

    seconds["reduce"] = least(reduce, rounds)
    return seconds | _of_network(settings, StageOutputs(settings, made), made, rounds)


def _of_k(settings: Settings, made: Workspace, rounds: int) -> Seconds:
    def reduced() -> StageOutputs:
        outputs = StageOutputs(settings, made, making="reduce")  # else k = 2 would be read from the file of the stage
        _ = outputs.reduced
        return outputs

    return {"reduce": least(reduced, rounds)} | _of_network(settings, reduced(), made, rounds)


def _of_network(settings: Settings, outputs: StageOutputs, made: Workspace, rounds: int) -> Seconds:
    """An epoch with its validation, but for the first, which compiles; and text of the training file to verdicts."""
    reduced = outputs.reduced
    training = replace(settings.training, epochs=1 + rounds, progress=False, patience=None)
    train, val = reduced.train, reduced.val
    fitted = settings.model.fit(train.X, train.y, val.X, val.y, n_classes=2, training=training, seed=0)
    k = train.X.shape[1]
    card = Card(settings.task.class_names, "simulated", True, "binary", "random", "pca", k, "lstm", 0, reduced.schema)
    detector = Detector(reduced.preparation, fitted.classifier, card)
    text = made.raw("simulated") / settings.dataset.file_name("train")
    return {
        "train, an epoch": min(one["seconds"] for one in fitted.epochs[1:]),
        "predict": least(lambda: score_file(detector, text, BytesIO(), "stop"), rounds),
    }


def draw(records: list[Growth], k: list[Growth], path: Path) -> None:
    """Draw both kinds of growth on logarithmic axes, each curve with its exponent; `path` is an SVG."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    with plt.rc_context({"svg.hashsalt": "growth", "font.size": 10}):
        figure, axes = plt.subplots(1, 2, figsize=(11, 4.5), constrained_layout=True)
        stages = [one.stage for one in records]
        for axis, curves, label in ((axes[0], records, "records"), (axes[1], k, "k, components")):
            for one in curves:
                axis.loglog(
                    one.size, one.seconds, "o-", color=f"C{stages.index(one.stage)}",
                    label=f"{one.stage}: {one.exponent:.2f}",
                )  # fmt: skip
            sizes = np.array(curves[0].size, dtype=float)
            lowest = min(min(one.seconds) for one in curves) * 0.6
            axis.loglog(sizes, lowest * sizes / sizes[0], "--", color="grey", label="linear: 1")
            axis.set_xticks(sizes, [f"{size:,.0f}" for size in sizes], minor=False)
            axis.minorticks_off()
            axis.set_xlabel(label)
            axis.set_ylabel("seconds")
            axis.grid(alpha=0.3)
            axis.legend(title="exponent", fontsize=9)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def report(records: list[Growth], k: list[Growth], picture: str) -> Iterator[str]:
    """Write the content of the figure as Markdown."""
    yield f"![Seconds over records and over k, on logarithmic axes]({picture})"
    yield ""
    yield "| stage | grows with | from | to | seconds | exponent |"
    yield "|---|---|---|---|---|---|"
    for curves, name in ((records, "records"), (k, "k")):
        for one in curves:
            yield (
                f"| {one.stage} | {name} | {one.size[0]:,} | {one.size[-1]:,} | "
                f"{one.seconds[0]:.3g} to {one.seconds[-1]:.3g} | {one.exponent:.2f} |"
            )
    worse = [one.stage for one in records + k if one.exponent > LINEAR]
    yield ""
    yield f"Worse than linear: {', '.join(worse) if worse else 'none'} (an exponent above {LINEAR})."


def measure(scratch: Path, picture: Path, *, smoke: bool) -> list[str]:
    """Measure, draw, and report."""
    sizes, ks, rounds = ([1000, 2000], [2, 3], 1) if smoke else ([BASE * times for times in TIMES], list(K), 2)
    records = by_records(scratch, sizes, rounds)
    k = by_k(scratch, sizes[1], ks, rounds)
    draw(records, k, picture)
    return list(report(records, k, picture.name))
