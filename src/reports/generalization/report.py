"""The report on unseen traffic: the template's values and the pictures."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from src.reports.generalization import figures, tables
from src.reports.report import Picture, Report
from src.reports.runs import Configuration, best_on_validation

# Grids of each section.
SPLITS = ("generalization/splits", "generalization/all_features", "generalization/baselines")
FIVE = (
    "generalization/five",
    "generalization/five_without",
    "generalization/five_windows",
    "generalization/five_baselines",
    "generalization/taught",
)
TAUGHT = (
    "generalization/taught",
    "generalization/taught_mixing",
    "generalization/taught_inputs",
    "generalization/taught_targets",
    "generalization/taught_teachers",
    "generalization/taught_labels",
)
ALARMS = ("generalization/alarms",)


class GeneralizationReport(Report):
    """The same models on three splits, the contest's test, and the operating point."""

    title = "Scores on unseen traffic"
    folder = Path(__file__).parent

    def pictures(self) -> Iterator[Picture]:
        splits, five = self.results.of(SPLITS), self.results.of(FIVE)
        if any(configuration.runs for configuration in splits):
            yield Picture("splits", figures.by_split(splits, f"{self.warning}Errors by split, binary task"))
        if any(configuration.runs for configuration in five):
            yield Picture("contest", figures.contest(five, f"{self.warning}Official test, five classes"))
        best = self._best
        if best and best.first:
            table = pd.read_csv(best.first.files() / "attack_recall.csv")
            title = f"{self.warning}{best.title}\nofficial test"
            yield Picture("attack_types", figures.attack_types(table, title))

    def values(self, *, links: bool) -> Mapping[str, Any]:
        splits = self.results.of(SPLITS)
        return {
            "t": tables,
            "splits": splits,
            "official": [configuration for configuration in splits if configuration.split == "official"],
            "five": self.results.of(FIVE),
            "taught": self.results.of(TAUGHT),
            "alarms": self.results.of(ALARMS),
            "best_words": f", by {self._best.title}" if self._best else "",
        }

    @property
    def _best(self) -> Configuration | None:
        """Our five-class LSTM with the lowest cost on validation."""
        return best_on_validation(self.results.of(FIVE[:1]), "val_mean_cost", least=True)
