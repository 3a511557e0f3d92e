"""The report: its text and its pictures, from the runs at hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from src.reports.generalization import figures, tables
from src.reports.grid_report import GridReport
from src.reports.runs import Entry, best_on_validation

# Which grids each section reads.
SPLITS = ("generalization/splits", "generalization/all_features", "generalization/baselines")
FIVE = (
    "generalization/five",
    "generalization/five_without",
    "generalization/five_windows",
    "generalization/five_baselines",
)
ALARMS = ("generalization/alarms",)


class Report(GridReport):
    """The same models on three splits, the contest's test, and the operating point."""

    title = "What the scores mean on traffic that was not seen"
    folder = Path(__file__).parent

    def pictures(self) -> Iterator[tuple[str, Figure]]:
        splits, five = self.results.of(SPLITS), self.results.of(FIVE)
        if any(entry.runs for entry in splits):
            yield "splits", figures.by_split(splits, f"{self.warning}Errors by split, binary task")
        if any(entry.runs for entry in five):
            yield "contest", figures.contest(five, f"{self.warning}Official test, five classes")
        best = self._best
        if best and best.first:
            table = pd.read_csv(best.first.files() / "attack_recall.csv")
            yield "attack_types", figures.attack_types(table, f"{self.warning}{best.model}\nofficial test")

    def values(self) -> Mapping[str, Any]:
        splits = self.results.of(SPLITS)
        return {
            "t": tables,
            "splits": splits,
            "official": [entry for entry in splits if entry.split == "official"],
            "five": self.results.of(FIVE),
            "alarms": self.results.of(ALARMS),
            "best_words": f", by {self._best.model}" if self._best else "",
        }

    @property
    def _best(self) -> Entry | None:
        """Our five-class LSTM with the least cost on validation."""
        return best_on_validation(self.results.of(FIVE[:1]), "val_mean_cost", least=True)
