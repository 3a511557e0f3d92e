"""Measures wall-clock time and peak memory of whole commands on the real data, with a target for each.

`make bench-commands` runs it and rewrites benchmarks/commands.md. It works in a clone of HEAD in a temporary folder and
needs IDS_DATA_MIRROR. Ten copies of the 10 % file replace the full training file, which has as many records.
"""

import gzip
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clone import COPIES, RECORDS, Clone, full_size, mirror_folder
from benchmarks.table import machine
from src.utils.files import write_text
from src.utils.paths import PROJECT

REPEATS = 3  # runs of the short commands; the fastest counts, because it was disturbed least
TRACKING = """
import time
from pathlib import Path
from hydra import compose, initialize_config_dir
from src.config.build import build
from src.detector.detector import Detector
from src.tracking.runs import tracked_run
Detector.load(Path("models/detector"))  # a training process has the framework loaded
with initialize_config_dir(str(Path("conf").resolve())):
    settings = build(compose("config"))
start = time.perf_counter()
with tracked_run(settings) as run:
    run.log_params({"derived.simulated": True})
    run.log_epochs([{"epoch": n + 1, "loss": 1.0, "accuracy": 1.0, "val_loss": 1.0} for n in range(30)])
    run.log_detector(Path("models/detector"), ("normal", "attack"))
    run.log_evaluation({"test_accuracy": 1.0}, Path("reports"))
print(time.perf_counter() - start)
"""


@dataclass(frozen=True)
class Row:
    """Measurement: `value` in `unit`, and its `target`, an upper limit if `at_most` and a lower limit otherwise."""

    what: str
    value: float
    target: float
    unit: str
    at_most: bool = True

    def __str__(self) -> str:
        sign, good = ("≤", self.value <= self.target) if self.at_most else ("≥", self.value >= self.target)
        number = f"{self.value:,.0f}" if self.value >= 1000 else f"{self.value:.4g}"
        cells = (self.what, f"{number} {self.unit}", f"{sign} {self.target:,g} {self.unit}",
                 f"{self.value / self.target:.2f}", "yes" if good else "**no**")  # fmt: skip
        return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure everything and write the table."""
    mirror = mirror_folder()
    with tempfile.TemporaryDirectory(prefix="ids-bench-") as folder:
        rows = list(_measure(Clone(Path(folder) / "clone"), mirror, Path(folder)))
    lines = [
        "# Benchmarks of whole commands",
        "",
        machine("IDS_DATA_MIRROR=... make bench-commands", ("keras", "numpy", "pyarrow", "mlflow", "dvc")),
        "",
        "Whole commands, start-up and imports included, unless the row says otherwise. `ratio` is measured / target.",
        "",
        "| what | measured | target | ratio | reached |",
        "|---|---|---|---|---|",
        *map(str, rows),
    ]
    write_text(PROJECT / "benchmarks" / "commands.md", "\n".join(lines) + "\n")
    print("\n".join(lines))


def _measure(clone: Clone, mirror: Path, scratch: Path) -> Iterator[Row]:
    def stage_seconds(stage: str, *arguments: str) -> float:
        return min(clone.run("python", "-m", f"src.{stage}", *arguments, mirror=mirror).seconds for _ in range(REPEATS))

    for stage in ("download", "preprocess", "sample", "reduce"):
        yield Row(f"start of `{stage}`, no work", stage_seconds(stage, "--cfg", "job"), 3, "s")
    clone.run("dvc", "repro", "download", mirror=mirror)
    headline = clone.run("dvc", "repro", mirror=mirror)
    metrics, timings = (
        json.loads((clone.root / "reports" / f"{name}.json").read_text()) for name in ("metrics", "timings")
    )
    yield Row("`dvc repro` of the headline run, from downloaded data", headline.seconds, 120, "s")
    yield Row("... of which the fit", timings["fit_seconds"], 120, "s")
    yield Row("... its test accuracy", metrics["test_accuracy"], 0.993, "", at_most=False)
    yield Row("preprocess, 10 % file and test file", stage_seconds("preprocess"), 5, "s")
    yield Row(
        "sample + reduce (mutual information included)", stage_seconds("sample") + stage_seconds("reduce"), 6, "s"
    )
    tracking = [clone.run("python", "-c", TRACKING, mirror=mirror) for _ in range(REPEATS)]
    yield Row("tracking of one run where it trained: import of MLflow, store, log of all and of the detector",
              min(float(one.output.splitlines()[-1]) for one in tracking), 3, "s")  # fmt: skip
    yield from _predict(clone, mirror, scratch)
    full = full_size(mirror, scratch)
    arguments = ("dataset=kdd99", f"dataset.train.records={COPIES * RECORDS}")
    preprocess = clone.run("python", "-m", "src.preprocess", *arguments, mirror=full)
    yield Row(f"preprocess, full size ({COPIES * RECORDS:,} records), fetch and check included",
              preprocess.seconds, 60, "s")  # fmt: skip
    yield Row("... its peak memory", preprocess.memory, 6, "GiB")


def _predict(clone: Clone, mirror: Path, scratch: Path) -> Iterator[Row]:
    file, head = mirror / "kddcup99" / "kddcup.data_10_percent.gz", scratch / "head.csv"
    with gzip.open(file) as text:
        head.write_bytes(b"".join(text.readline() for _ in range(1000)))
    command = ("python", "-m", "src.predict", "--model", "models/detector", "-o", str(scratch / "verdicts.csv"))
    whole = clone.run(*command, str(file), mirror=mirror)
    start_up = clone.run(*command, str(head), mirror=mirror)
    rate = (RECORDS - 1000) / (whole.seconds - start_up.seconds)
    yield Row("`predict` of the 10 % file, start-up taken off", rate, 100_000, "records/s", at_most=False)
    yield Row("... whole command", RECORDS / whole.seconds, 100_000, "records/s", at_most=False)
    yield Row("... its peak memory", whole.memory, 6, "GiB")


if __name__ == "__main__":
    main()
