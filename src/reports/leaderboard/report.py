"""The leaderboard: the template's values and the pictures."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from src.reports.leaderboard import figures, findings, ranks, tables
from src.reports.report import Picture, Report
from src.reports.runs import Configuration

VARIANTS = "leaderboard/variants"
NSL = ("leaderboard/nsl_kdd", "leaderboard/nsl_kdd_recurrent")  # another data set than that of the other grids
TASKS = {"binary": "Binary", "multiclass_smurf": "Three classes, DoS = smurf", "five": "Five classes"}
PROTOCOL = (  # task and split: the contest's test, then the paper's tasks on its split
    ("binary", "official"),
    ("five", "official"),
    ("binary", "random"),
    ("multiclass_smurf", "random"),
)


class LeaderboardReport(Report):
    """Every model on one protocol, and the recurrent networks against the LSTM."""

    title = "Every model on one protocol"
    folder = Path(__file__).parent

    def pictures(self) -> Iterator[Picture]:
        for task, split in PROTOCOL:
            configurations = self._on(task, split)
            if split == "official" and tables.timed(configurations):
                title = f"{self.warning}{TASKS[task]}, official test"
                yield Picture(f"time-{task}", figures.by_time(configurations, title))

        if found := self._ranks:
            yield Picture("ranks", figures.mean_ranks(found, f"{self.warning}Mean ranks, binary task"))

    def values(self, *, links: bool) -> Mapping[str, Any]:
        variants = self.results.of([VARIANTS])
        binary = self._on("binary", "official")
        return {
            "t": tables,
            "sections": [(task, TASKS[task], split, self._on(task, split)) for task, split in PROTOCOL],
            "says": [
                findings.of_the_splits(self._on("binary", "random"), binary),
                findings.of_the_cost(self._on("five", "official")),
                findings.of_the_time(binary),
            ],
            "protocol": self._protocol,
            "nsl": self._nsl,
            "ranks": ranks.table(self._ranks),
            "ranks_say": ranks.sentence(self._ranks),
            "variants": variants,
            "variants_say": findings.of_the_variants(variants),
        }

    @property
    def _protocol(self) -> list[Configuration]:
        """The models on KDD99, all features."""
        return [one for one in self.results.configurations if one.grid not in (VARIANTS, *NSL)]

    @property
    def _nsl(self) -> list[Configuration]:
        """The models on NSL-KDD."""
        return self.results.of(NSL)

    @cached_property
    def _ranks(self) -> ranks.Ranks | None:
        """Ranks over two test sets: KDDTest-21, a part of KDDTest+, would count its records twice."""
        corrected = ranks.TestSet("KDD99's `corrected`", self._on("binary", "official"), "test_accuracy")
        further = ranks.TestSet("NSL-KDD's KDDTest+", self._nsl, "test_accuracy", drawn_from=corrected.name)
        return ranks.rank([corrected, further])

    def _on(self, task: str, split: str) -> list[Configuration]:
        """Return the models on one task and split."""
        return [one for one in self._protocol if (one.task, one.split) == (task, split)]
