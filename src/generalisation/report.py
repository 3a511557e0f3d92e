"""The report: its text and its pictures, from the runs at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from src.generalisation import figures, tables
from src.generalisation.results import Entry, Results, best_on_validation
from src.pages import templates, write_report

_HERE = Path(__file__).parent
_TEMPLATES = templates(_HERE / "templates")
TITLE = "What the scores mean on traffic that was not seen"
# Which grids each section reads.
SPLITS = ("honest_splits", "honest_all_features", "honest_baselines")
FIVE = ("honest_five", "honest_five_without", "honest_five_windows", "honest_five_baselines")
ALARMS = ("honest_alarms",)


@dataclass(frozen=True)
class Report:
    """What there is to report."""

    results: Results

    def write(self, folder: Path) -> None:
        """Write README.md with its pictures, and index.html, self-contained; all of it or nothing."""
        pictures = dict(self._pictures())
        text = self._markdown(pictures)
        write_report(folder, TITLE, pictures, text, text, simulated=self.results.simulated)

    def _pictures(self) -> Iterator[tuple[str, Figure]]:
        warning = "SIMULATED DATA - " if self.results.simulated else ""
        splits, five = self.results.of(SPLITS), self.results.of(FIVE)
        if any(entry.runs for entry in splits):
            yield "splits", figures.by_split(splits, f"{warning}Errors by split, binary task")
        if any(entry.runs for entry in five):
            yield "contest", figures.contest(five, f"{warning}Official test, five classes")
        best = self._best
        if best and best.first:
            table = pd.read_csv(best.first.files() / "attack_recall.csv")
            yield "attack_types", figures.attack_types(table, f"{warning}{best.model}\nofficial test")

    @property
    def _best(self) -> Entry | None:
        """Our five-class LSTM with the least cost on validation."""
        return best_on_validation(self.results.of(FIVE[:1]), "val_mean_cost", least=True)

    def _markdown(self, pictures: dict[str, Figure]) -> str:
        def picture(name: str, caption: str) -> str:
            if name not in pictures:
                return f"\n*{caption}* {tables.MISSING}.\n"
            return f"\n![{caption}]({name}.svg)\n\n*{caption}*\n"

        def again(entries: Sequence[Entry]) -> str:
            grids = dict.fromkeys(entry.grid for entry in entries)
            return "\n".join(["```", *(f"python -m src.train -m +experiment={grid}" for grid in grids), "```"])

        splits, runs = self.results.of(SPLITS), self.results.runs
        revisions = sorted({f"`{run.params['derived.git_revision'][:10]}`" for run in runs})
        machines = sorted({f"{run.params['derived.cpu']}, {run.params['derived.cores']} cores" for run in runs})
        return _TEMPLATES.get_template("report.md.j2").render(
            **{"title": TITLE, "results": self.results, "t": tables, "picture": picture, "again": again},
            splits=splits,
            official=[entry for entry in splits if entry.split == "official"],
            five=self.results.of(FIVE),
            alarms=self.results.of(ALARMS),
            best_words=f", by {self._best.model}" if self._best else "",
            attempts=(_HERE / "attempts.md").read_text(encoding="utf-8"),
            found=len(runs),
            wanted=len(runs) + len(self.results.missing),
            outdated=sum(not run.current for run in runs),
            revisions=", ".join(revisions) or "none",
            machines="; ".join(machines) or "none",
        )
