"""The report: its text and its pictures, from the runs at hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from src.reports.grid_report import GridReport
from src.reports.leaderboard import figures, findings, tables
from src.reports.runs import Entry

VARIANTS = "leaderboard/variants"
TASKS = {"binary": "Binary", "multiclass_smurf": "Three classes, DoS = smurf", "five": "Five classes"}
SPLITS = ("official", "random")


class Report(GridReport):
    """Every model on one protocol, and whether a recurrent network differs from the LSTM."""

    title = "Every model on one protocol"
    folder = Path(__file__).parent

    def pictures(self) -> Iterator[tuple[str, Figure]]:
        for task, words in TASKS.items():
            entries = self._on(task, "official")
            if tables.ordered(entries):
                yield f"time-{task}", figures.by_time(entries, f"{self.warning}{words}, official test")

    def values(self) -> Mapping[str, Any]:
        protocol = [entry for entry in self.results.entries if entry.grid != VARIANTS]
        variants = self.results.of([VARIANTS])
        binary = self._on("binary", "official")
        return {
            "t": tables,
            "sections": [
                (task, words, split, self._on(task, split)) for task, words in TASKS.items() for split in SPLITS
            ],
            "says": [
                findings.of_the_splits(self._on("binary", "random"), binary),
                findings.of_the_cost(self._on("five", "official")),
                findings.of_the_time(binary),
            ],
            "protocol": protocol,
            "variants": variants,
            "variants_say": findings.of_the_variants(variants),
        }

    def _on(self, task: str, split: str) -> list[Entry]:
        """The models on one task and split."""
        return [
            entry
            for entry in self.results.entries
            if entry.grid != VARIANTS and (entry.task, entry.split) == (task, split)
        ]
