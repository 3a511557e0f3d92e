"""Measures the limit of the machine, the share of it that training reaches, and where the rest of the time goes."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.contest import least
from benchmarks.inputs import Inputs, build_settings
from benchmarks.training import OURS
from src.models.networks.keras_setup import load_keras

# Kinds of work by TensorFlow's names of operations; the first match counts.
PRODUCTS = "matrix products"
KINDS = {
    PRODUCTS: "matmul|dot|gemm",
    "moving": "concat|split|slice|copy|transpose|reshape|pack|tensorlist|gather|broadcast|pad|tile|fill|zeros|shape",
    "sums": "reduce|biasaddgrad|addn|sum|mean|norm",
    "element by element": "mul|add|sub|div|tanh|sigmoid|exp|log|sq|sin|cos|neg|select|fusion|max|cast|pow|wrapped",
}
CONTAINERS = re.compile(r"while|call|if$|case|conditional", re.IGNORECASE)  # operations that contain others
OPERATION = re.compile(r"[^: ]+:(\w+)")  # path:Kind, the format of TensorFlow's executor


def matrix_rate(n: int) -> float:
    """Measure floating-point operations per second of a product of two n x n float32 matrices, on all cores."""
    A = np.random.default_rng(0).random((n, n), dtype=np.float32)
    return 2 * n**3 / least(lambda: A @ A, 5)


def copy_rate(mebibytes: int) -> float:
    """Measure bytes read and written per second by a copy with one thread per core."""
    source = np.ones(mebibytes << 18, dtype=np.float32)
    target = np.zeros_like(source)
    cores = os.cpu_count() or 1
    parts = list(zip(np.array_split(target, cores), np.array_split(source, cores), strict=True))
    with ThreadPoolExecutor(cores) as threads:
        return 2 * source.nbytes / least(lambda: list(threads.map(lambda part: np.copyto(*part), parts)), 5)


def operations(rows: int, k: int, inputs: int, units: int) -> int:
    """Count the multiplications and additions in the matrix products of an LSTM epoch.

    The backward pass has twice as many as the forward pass. The first step has no state to multiply.
    """
    return 3 * rows * 2 * (k * inputs + (k - 1) * units) * 4 * units


def epoch(inputs: Inputs, k: int, *overrides: str) -> tuple[float, float, dict[str, float], float]:
    """Measure an epoch of our fit over k steps.

    Returns:
        Seconds of the epoch; its matrix operations; seconds by kind of work in another epoch under the profiler; share
        of that epoch in which no operation ran.
    """
    from tensorflow.profiler import experimental as profiler

    settings = build_settings(*inputs.dataset, *overrides, "training.progress=false", "training.patience=null")
    train = inputs.outputs_for(k).reduced.train
    X, y = np.asarray(train.X), train.y
    few = slice(0, 1024)
    with tempfile.TemporaryDirectory() as folder:

        def watch(one: dict[str, float]) -> None:
            if one["epoch"] == epochs - 1:
                profiler.start(folder)

        epochs = 5 if k < 20 else 4
        training = replace(settings.training, epochs=epochs)
        fitted = settings.model.fit(X, y, X[few], y[few], n_classes=2, training=training, seed=0, on_epoch=watch)
        profiler.stop()
        seconds = min(one["seconds"] for one in fitted.epochs[1:-1])
        channels = 1 + 2 * settings.model.fourier.n_frequencies
        work = operations(fitted.facts["rows_per_epoch"], k, channels, settings.model.units)
        kinds, idle = _by_kind(Path(folder))
    return seconds, work, kinds, idle


def _by_kind(folder: Path) -> tuple[dict[str, float], float]:
    """Sum the seconds of each kind of work in a trace, and the idle share between its first and last product."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    space = XSpace()
    (path,) = folder.rglob("*.xplane.pb")
    space.ParseFromString(path.read_bytes())
    kinds, spans, products = Counter[str](), [], []
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                found = OPERATION.fullmatch(plane.event_metadata[event.metadata_id].name)
                if found is None or CONTAINERS.search(found[1]):
                    continue
                kind = _kind(found[1])
                kinds[kind] += event.duration_ps / 1e12
                start = line.timestamp_ns * 1000 + event.offset_ps
                spans.append((start, start + event.duration_ps))
                if kind == PRODUCTS:
                    products.append(start)
    first, last = min(products), max(products)
    return dict(kinds), 1 - _covered([span for span in spans if first <= span[0] <= last]) / (last - first)


def _kind(name: str) -> str:
    return next((kind for kind, names in KINDS.items() if re.search(names, name.lower())), "other")


def _covered(spans: list[tuple[int, int]]) -> int:
    """Length of the union of the spans."""
    covered, until = 0, 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, until))
        until = max(until, end)
    return covered


def measure(inputs: Inputs, *, smoke: bool) -> Iterator[str]:
    """Measure the rates of the machine, and write a table of the shares that training reaches."""
    load_keras()
    rate, copy = matrix_rate(256 if smoke else 2048), copy_rate(8 if smoke else 512)
    yield (
        f"Products of two matrices of 2,048 x 2,048 in float32 (NumPy) reach {rate / 1e9:,.0f} GFLOP/s on all cores, "
        f"copies of 512 MiB {copy / 1e9:,.0f} GB/s, read and written together."
    )
    yield ""
    yield (
        "An epoch of ours: its matrix products (forward, and twice as many backward, of the rows that are trained) "
        "beside that rate; and from a trace of TensorFlow's profiler, what share of the operations' time each kind of "
        "them takes, and how long none was under way: the framework between them."
    )
    yield ""
    yield (
        "| epoch of | seconds | matrix GFLOP/s | of the machine's | "
        + " | ".join((*KINDS, "other"))
        + " | nothing under way |"
    )
    yield "|---|---|---|---|" + "---|" * (len(KINDS) + 2)
    cases = [("the default config, k = 2", 2, ())]
    if not smoke:
        cases += [(f"LSTM(64), batch 1,024, k = {k}", k, (*OURS, "training.batch_size=1024")) for k in (2, 10, 53)]
    for name, k, overrides in cases:
        seconds, work, kinds, idle = epoch(inputs, k, *overrides)
        whole = sum(kinds.values())
        shares = [f"{kinds.get(kind, 0) / whole:.0%}" for kind in (*KINDS, "other")]
        reached = work / seconds
        cells = (name, f"{seconds:.3g}", f"{reached / 1e9:.3g}", f"{reached / rate:.0%}", *shares, f"{idle:.0%}")
        yield f"| {' | '.join(cells)} |"
