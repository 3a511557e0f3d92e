"""`dvc repro` beside the work inside its stages, and the memory of a full-size input beside its encoded matrix."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.clone import COPIES, RECORDS, Clone, full_size
from benchmarks.table import Ratio
from src.data.schema import N_FEATURES
from src.files import write_text

IN_A_STAGE = {"DVC_STAGE": "benchmark"}  # outputs go where DVC keeps them, and the next stage finds them
TINY = ("dataset=simulated", "dataset.records=3000", "training.epochs=1", "training.progress=false")


def overhead(clone: Clone, mirror: Path | None) -> Iterator[Ratio]:
    """`dvc repro` of the headline run, the download done; `mirror` None: of a tiny simulated one."""
    if mirror is None:
        tiny = clone.run(sys.executable, "-m", "src.train", "--cfg", "job", "--resolve", *TINY, mirror=None)
        write_text(clone.root / "params.yaml", tiny.output)
    clone.run("dvc", "repro", "download", mirror=mirror)
    whole = clone.run("dvc", "repro", mirror=mirror).seconds
    work = clone.run(sys.executable, "-m", "benchmarks.contenders.stages", mirror=mirror, env=IN_A_STAGE)
    seconds: dict[str, float] = json.loads(work.output.splitlines()[-1])
    parts = ", ".join(f"{name} {taken:.3g}" for name, taken in seconds.items())
    yield Ratio("`dvc repro` of the headline run, from downloaded data", whole, f"the work inside the stages: {parts}",
                sum(seconds.values()), 1.5, share=True)  # fmt: skip


def memory(clone: Clone, mirror: Path, scratch: Path) -> Iterator[Ratio]:
    """Peaks of the stages that handle the whole input."""
    records = COPIES * RECORDS
    matrix = records * N_FEATURES * 4 / 2**30
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
    """Both; without a mirror only the first, on few simulated records."""
    clone = Clone(scratch / "clone")
    yield from overhead(clone, mirror)
    if mirror:
        yield from memory(clone, mirror, scratch)
