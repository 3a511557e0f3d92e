"""The report on unseen traffic: the template's values and the pictures."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from src.evaluation.plots import alarm_curves
from src.reports.generalization import equal_alarms, figures, tables
from src.reports.report import Picture, Report
from src.reports.runs import Configuration, best_on_validation

# Grids of each section.
SPLITS = ("generalization/splits", "generalization/all_features", "generalization/baselines")
REFERENCE = ("generalization/five_chosen",)  # chosen on left-out attack types of training
BASELINES = (*REFERENCE, "generalization/five_baselines", "generalization/five_boosting")
FIVE = (
    "generalization/five",
    "generalization/taught",
    *BASELINES,
    "generalization/five_without",
    "generalization/five_windows",
)
TAUGHT = (
    "generalization/taught",
    "generalization/taught_mixing",
    "generalization/taught_inputs",
    "generalization/taught_targets",
    "generalization/taught_teachers",
    "generalization/taught_labels",
)
ALARMS = ("generalization/alarms", "generalization/alarms_baselines")
NSL_KDD = (
    "generalization/nsl_kdd",
    "generalization/nsl_kdd_groups",
    "generalization/nsl_kdd_taught",
    "generalization/nsl_kdd_trees",
)
_MOST_CURVES = 6  # that can be told apart in one picture


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
        if curves := self._curves(five):
            yield Picture(
                "equal_alarms", alarm_curves(curves, f"{self.warning}official test, five classes, lowest seeds")
            )
        best = self._best
        if best and best.first:
            table = pd.read_csv(best.first.files() / "attack_recall.csv")
            title = f"{self.warning}{best.title}\nofficial test"
            yield Picture("attack_types", figures.attack_types(table, title))

    def values(self, *, links: bool) -> Mapping[str, Any]:
        splits = self.results.of(SPLITS)
        return {
            "t": tables,
            "equal": equal_alarms,
            "nsl_kdd": self.results.of(NSL_KDD),
            "splits": splits,
            "official": [configuration for configuration in splits if configuration.split == "official"],
            "five": self.results.of(FIVE),
            "taught": self.results.of(TAUGHT),
            "alarms": self.results.of(ALARMS),
            "reference": next((one for one in self.results.of(REFERENCE) if one.runs), None),
            "best_words": f", by {self._best.title}" if self._best else "",
        }

    def _curves(self, configurations: Sequence[Configuration]) -> dict[str, pd.DataFrame]:
        """Curve of the run with the lowest seed, for the first configurations that read previous records."""
        with_history = [one for one in configurations if one.config["layout"]["name"] == "history"]
        paths = {one.title: one.first.files() / "operating_curve.csv" for one in with_history if one.first}
        return {title: pd.read_csv(path) for title, path in list(paths.items())[:_MOST_CURVES] if path.is_file()}

    @property
    def _best(self) -> Configuration | None:
        """Our five-class LSTM with the lowest cost on validation."""
        return best_on_validation(self.results.of(FIVE[:1]), "val_mean_cost", least=True)
