"""Page of `make bench`: table of ratios, growth, and limit of the machine."""

import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from benchmarks import features, growth, limits, scoring, stages, training
from benchmarks.contest import peer_version
from benchmarks.inputs import Inputs
from benchmarks.table import Ratio, machine, ratios

LIBRARIES = ("keras", "tensorflow", "tensorflow-cpu", "numpy", "pandas", "pyarrow", "scikit-learn")
SECTIONS = ("training", "features", "scoring", "stages", "growth", "limits")
SMOKE = ("dataset=simulated", "dataset.records=4000")
HOW = """Each row compares two pieces of work in the same run, in turn, the least seconds of each; `ratio` is
theirs / ours, or ours / theirs where it has to stay below. Contenders are processes of their own that are warm:
imports, compilation and first run are over. On the real data, the 10 % file; training data are cut to whole batches.

- **An epoch**: 120,000 records in random order, no validation. Plain Keras as installed (oneDNN on, which this project
  switches off as its results change with the processor). Ours trains equal rows as one that weighs as much
  (`training.max_copies_per_row`), which the others could as well; a row says what remains without it. Its shards are
  those of `src/models/networks/sharding.py`.
- **Fit to 99.3 %**: from the start of the fit, tracing included, to the end of the first epoch that reaches it.
- **Text to verdicts**: a detector that is loaded, a file of records without compression.
- **`dvc repro`**: five processes with their imports, hashes and an empty MLflow store, beside the same stages called in
  one process that has everything imported. The rows below it say what the rest is: a process is worth its second of
  imports, as DVC runs again only the stages that a change concerns. The first two leave scikit-learn out; importing
  Keras beside MLflow, in threads, takes longer than one after the other.
- **Start of a stage**: from the start of its process until its config is composed, checked and built.
- **Memory**: ten copies of the 10 % file stand in for the full one; peak of each stage's process."""


def page(scratch: Path, mirror: Path | None, sections: Collection[str], out: Path) -> str:
    """Measure the sections and write the page.

    Args:
        scratch: Folder for temporary files.
        mirror: Folder of the published files; None measures few simulated records.
        sections: Names of the sections.
        out: Folder of the figure.
    """
    start, smoke = time.perf_counter(), mirror is None
    inputs = Inputs(scratch, SMOKE if smoke else ())
    table = ratios([*_rows(inputs, mirror, sections)])
    grown = growth.measure(scratch, out / "growth.svg", smoke=smoke) if "growth" in sections else []
    limit = [*limits.measure(inputs, smoke=smoke)] if "limits" in sections else []
    peers = [f"{name} {peer_version(name) or 'not installed'}" for name in training.PEERS]
    where = machine("IDS_DATA_MIRROR=... make bench", LIBRARIES, peers)
    took = f"{where} Took {(time.perf_counter() - start) / 60:.0f} minutes."
    parts = ["# Benchmarks", took, HOW, "\n".join(table), "## Growth", "\n".join(grown), "## The machine's limit",
             "\n".join(limit)]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _rows(inputs: Inputs, mirror: Path | None, sections: Collection[str]) -> Iterator[Ratio]:
    """Yield the rows, and print each to standard error."""
    smoke = mirror is None
    measures = {
        "training": lambda: training.measure(inputs, smoke=smoke),
        "features": lambda: features.measure(inputs, smoke=smoke),
        "scoring": lambda: scoring.measure(inputs, smoke=smoke),
        "stages": lambda: stages.measure(inputs.scratch, mirror),
    }
    for section, measure in measures.items():
        for row in measure() if section in sections else ():
            print(row, file=sys.stderr, flush=True)
            yield row
