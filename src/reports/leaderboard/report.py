"""The leaderboard: the template's values and the pictures."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from src.reports.leaderboard import figures, findings, tables
from src.reports.report import Picture, Report
from src.reports.runs import Configuration

VARIANTS = "leaderboard/variants"
TASKS = {"binary": "Binary", "multiclass_smurf": "Three classes, DoS = smurf", "five": "Five classes"}
SPLITS = ("official", "random")


class LeaderboardReport(Report):
    """Every model on one protocol, and the recurrent networks against the LSTM."""

    title = "Every model on one protocol"
    folder = Path(__file__).parent

    def pictures(self) -> Iterator[Picture]:
        for task, words in TASKS.items():
            configurations = self._on(task, "official")
            if tables.ordered(configurations):
                title = f"{self.warning}{words}, official test"
                yield Picture(f"time-{task}", figures.by_time(configurations, title))

    def values(self, *, links: bool) -> Mapping[str, Any]:
        protocol = [configuration for configuration in self.results.configurations if configuration.grid != VARIANTS]
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

    def _on(self, task: str, split: str) -> list[Configuration]:
        """Return the models on one task and split."""
        return [
            configuration
            for configuration in self.results.configurations
            if configuration.grid != VARIANTS and (configuration.task, configuration.split) == (task, split)
        ]
