"""Compares the time from raw text to verdicts with pandas and Keras's `predict`."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.contest import Contender, race
from benchmarks.inputs import Inputs
from benchmarks.table import Ratio
from src.detector.card import Card
from src.detector.detector import Detector


def verdicts(inputs: Inputs, k: int, rounds: int) -> Iterator[Ratio]:
    """Measure the default network on k components or all features; its training does not affect its speed."""
    folder, first, out = detector(inputs, k), inputs.scratch / "first.csv", inputs.scratch / "verdicts.csv"
    with inputs.text.open("rb") as lines:
        first.write_bytes(b"".join(islice(lines, 1000)))
        records = 1000 + sum(1 for _ in lines)
    arguments = tuple(map(str, (folder, first, inputs.text, out)))
    best = race({name: partial(Contender, f"{name}_predict", *arguments) for name in ("ours", "keras")}, rounds)
    yield Ratio(f"text to verdicts, k = {k}, {records:,} records", best["ours"]["seconds"],
                "`read_csv` and Keras's `predict`, default batch", best["keras"]["seconds"], 3)  # fmt: skip


def detector(inputs: Inputs, k: int) -> Path:
    """Save a detector that was fitted for one epoch on few records."""
    folder = inputs.scratch / f"detector-{k}"
    if not folder.exists():
        settings, reduced = inputs.settings_for(k), inputs.outputs_for(k).reduced
        few = slice(0, 4096)
        X, y = np.asarray(reduced.train.X)[few], reduced.train.y[few]
        training = replace(settings.training, epochs=1, progress=False)
        fitted = settings.model.fit(X, y, X, y, n_classes=2, training=training, seed=0)
        card = Card(
            settings.task.class_names, "simulated", True, "binary", "random", "pca", k, "lstm", 0, reduced.schema
        )
        Detector(reduced.preparation, fitted.classifier, card).save(folder)
    return folder


def measure(inputs: Inputs, *, smoke: bool) -> Iterator[Ratio]:
    """Measure two components, and all 53 features."""
    if smoke:
        yield from verdicts(inputs, 2, 1)
        return
    yield from verdicts(inputs, 2, 2)
    yield from verdicts(inputs, 53, 1)
