"""Compares `dvc repro` with the work in its stages; measures the start of each stage, and memory at full size."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.clone import COPIES, RECORDS, Clone, full_size
from benchmarks.contenders.stages import STAGES
from benchmarks.table import Ratio
from src.data.schema_files import declared_schema
from src.utils.files import write_text

IN_A_STAGE = {"DVC_STAGE": "benchmark"}  # writes outputs to the paths of DVC, where the next stage reads them
# The processes that start with each group of imports, which `benchmarks.contenders.stages` times.
IMPORTED_BY = {
    "Hydra, Arrow": STAGES,
    "pandas, scikit-learn": STAGES[2:],
    "skops, matplotlib": STAGES[2:],
    "Keras on TensorFlow": ("train", "evaluate"),
    "MLflow": ("train", "evaluate"),
}
START_S = 0.6
AS_DVC_DOES = ("--config-dir", ".", "--config-name", "params")
TINY = ("dataset=simulated", "dataset.records=3000", "training.epochs=1", "training.progress=false")


def overhead(clone: Clone, mirror: Path | None) -> Iterator[Ratio]:
    """Measure `dvc repro` of the headline run after the download; without a mirror, of a tiny simulated run."""
    if mirror is None:
        tiny = clone.run(sys.executable, "-m", "src.train", "--cfg", "job", "--resolve", *TINY, mirror=None)
        write_text(clone.root / "params.yaml", tiny.output)
    clone.run("dvc", "repro", "download", mirror=mirror)
    whole = clone.run("dvc", "repro", mirror=mirror).seconds
    work = clone.run(sys.executable, "-m", "benchmarks.contenders.stages", mirror=mirror, env=IN_A_STAGE)
    seconds_of: dict[str, dict[str, float]] = json.loads(work.output.splitlines()[-1])
    inside = sum(seconds_of["work"].values())
    parts = ", ".join(f"{stage} {seconds:.3g}" for stage, seconds in seconds_of["work"].items())
    yield Ratio("`dvc repro` of the headline run, from downloaded data", whole, f"the work inside the stages: {parts}",
                inside, 1.8, share=True)  # fmt: skip
    rest = whole - inside
    for name, processes in IMPORTED_BY.items():
        seconds = seconds_of["imports"][name] * len(processes)
        rest -= seconds
        yield Ratio(f"... of it importing {name}, in {', '.join(processes)}", seconds, "that work", inside, share=True)
    yield Ratio("... of it the rest: Python, DVC, configs, the new MLflow store", rest, "that work", inside, share=True)


def starts(clone: Clone, rounds: int) -> Iterator[Ratio]:
    """Measure the start of each stage's process until its work begins, the least of some rounds."""
    for stage in ("download", *STAGES):
        command = (sys.executable, "-m", "benchmarks.contenders.start", stage, *AS_DVC_DOES)
        seconds = min(clone.run(*command, mirror=None, env=IN_A_STAGE).seconds for _ in range(rounds))
        target = None if stage == "train" else 1.0
        yield Ratio(f"start of `{stage}`, until its work begins", seconds, "at most", START_S, target, share=True)


def memory(clone: Clone, mirror: Path, scratch: Path) -> Iterator[Ratio]:
    """Measure the peak memory of the stages that process the whole input."""
    records = COPIES * RECORDS
    matrix = records * len(declared_schema("kdd").features) * 4 / 2**30
    full = full_size(mirror, scratch)
    dataset = ("dataset=kdd99", f"dataset.train.records={records}")

    def peak(*arguments: str) -> float:
        return clone.run(sys.executable, "-m", *arguments, *dataset, mirror=full, env=IN_A_STAGE).memory

    peak("src.download")
    rows = {"preprocess": peak("src.preprocess")}
    for split in ("random", "official"):
        what = "the drawn records" if split == "random" else "every record"
        for stage in ("sample", "reduce"):
            rows[f"{stage}, split={split} ({what})"] = peak(f"src.{stage}", f"split={split}")
    for name, gib in rows.items():
        yield Ratio(f"peak memory, {records:,} records: {name}", gib, "the encoded matrix in float32", matrix, 2.5,
                    share=True, unit="GiB")  # fmt: skip


def measure(scratch: Path, mirror: Path | None) -> Iterator[Ratio]:
    """Measure all three; without a mirror only the first two, on few simulated records."""
    clone = Clone(scratch / "clone")
    yield from overhead(clone, mirror)
    yield from starts(clone, 5 if mirror else 1)
    if mirror:
        yield from memory(clone, mirror, scratch)
