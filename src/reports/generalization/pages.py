"""The pages of the report on unseen traffic: the grids of each, the template's values and the pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import pandas as pd

from src.evaluation.plots import alarm_curves
from src.reports.generalization import arrival, equal_alarms, figures, nsl_kdd, tables
from src.reports.report import Picture, Report
from src.reports.runs import Configuration, Results, shared_details

_MOST_CURVES = 6  # that can be told apart in one picture


class Page(Report):
    """One page of the report, on grids of its own.

    Attributes:
        name: Name of its folder and of its template.
        about: What it answers, one sentence.
        grids: Its grids, in the order of their rows.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    grids: ClassVar[tuple[str, ...]]
    folder = Path(__file__).parent

    @classmethod
    def on(cls, results: Results) -> Self:
        """Return the page on its part of the results; titles leave out what all rows of a model share."""
        rows = results.of(cls.grids)
        shared = shared_details(rows)
        short = (replace(one, left_out=frozenset(shared[one.name])) for one in rows)
        return cls(replace(results, configurations=tuple(short)))

    @property
    def template(self) -> str:
        return f"{self.name}.md.j2"

    def values(self, *, links: bool) -> Mapping[str, Any]:
        rows = self.results.configurations
        return {"t": tables, "equal": equal_alarms, "rows": rows, "shared_details": tables.left_out(rows)}


class Splits(Page):
    """The same models on three splits."""

    name = "splits"
    title = "The same models on three splits"
    about = "How much of a score is memory?"
    grids = ("generalization/splits", "generalization/all_features", "generalization/baselines")

    def pictures(self) -> Iterator[Picture]:
        if self.results.runs:
            title = f"{self.warning}Errors by split, binary task"
            yield Picture("splits", figures.by_split(self.results.configurations, title))

    def values(self, *, links: bool) -> Mapping[str, Any]:
        official = [one for one in self.results.configurations if one.split == "official"]
        return {**super().values(links=links), "official": official}


class Contest(Page):
    """Five classes on the contest's test, by cost and at equal false alarms."""

    name = "contest"
    title = "The contest of 1999"
    about = "Five classes and the contest's costs: which model is best under one rule, and at equal false alarms?"
    reference = "generalization/five_chosen"  # chosen on left-out attack types of training
    ensembles = "generalization/five"
    taught = "generalization/taught"
    grids = (
        ensembles,
        taught,
        reference,
        "generalization/five_baselines",
        "generalization/five_boosting",
        "generalization/taught_without_history",
        "generalization/five_windows",
    )

    def pictures(self) -> Iterator[Picture]:
        rows = self.results.configurations
        if self.results.runs:
            yield Picture("contest", figures.contest(rows, f"{self.warning}Official test, five classes"))
        chosen_first = sorted(rows, key=lambda one: one.grid not in (self.taught, self.reference))
        if curves := _curves(chosen_first):
            title = f"{self.warning}official test, five classes, lowest seeds"
            yield Picture("equal_alarms", alarm_curves(curves, title))
        if (taught := self._taught) and taught.first:
            table = pd.read_csv(taught.first.files() / "attack_recall.csv")
            title = f"{self.warning}{taught.title}\nofficial test, seed {min(taught.runs)} alone"
            yield Picture("attack_types", figures.attack_types(table, title))

    def values(self, *, links: bool) -> Mapping[str, Any]:
        reference = next((one for one in self.results.of([self.reference]) if one.runs), None)
        more = {"arrival": arrival, "reference": reference, "taught": self._taught}
        return {**super().values(links=links), **more}

    @property
    def _taught(self) -> Configuration | None:
        """The network of the contest."""
        return next(iter(self.results.of([self.taught])), None)


class Taught(Page):
    """Parts of the taught network: teacher, mixing, targets, inputs and history, each changed alone."""

    name = "taught"
    title = "The taught network"
    about = "What is its score made of: teacher, mixed records, targets, inputs, history?"
    mixing = "generalization/taught_mixing"
    grids = (
        Contest.taught,
        mixing,
        "generalization/taught_inputs",
        "generalization/taught_targets",
        "generalization/taught_teachers",
        "generalization/taught_labels",
        "generalization/taught_without_history",
    )

    def values(self, *, links: bool) -> Mapping[str, Any]:
        reference = next((one for one in self.results.of([self.mixing]) if one.runs and _mixed_both_ways(one)), None)
        return {**super().values(links=links), "reference": reference}


class OperatingPoint(Page):
    """Detectors of alarms within a budget."""

    name = "operating_point"
    title = "The operating point"
    about = "Does a budget of false alarms that training kept hold on other traffic?"
    grids = ("generalization/alarms", "generalization/alarms_baselines")


class NslKdd(Page):
    """NSL-KDD beside published results."""

    name = "nsl_kdd"
    title = "NSL-KDD"
    about = "KDD99 without copies, beside published results and their protocols."
    grids = (
        "generalization/nsl_kdd",
        "generalization/nsl_kdd_groups",
        "generalization/nsl_kdd_taught",
        "generalization/nsl_kdd_trees",
    )

    def values(self, *, links: bool) -> Mapping[str, Any]:
        return {**super().values(links=links), "nsl": nsl_kdd}


PAGES: tuple[type[Page], ...] = (Splits, Contest, Taught, OperatingPoint, NslKdd)


def _mixed_both_ways(one: Configuration) -> bool:
    teacher = one.config["training"]["teacher"]
    return bool(teacher["mixed_by_column"] and teacher["mixed_by_group"])


def _curves(configurations: Sequence[Configuration]) -> dict[str, pd.DataFrame]:
    """Curve of the run with the lowest seed, for the first configurations that read previous records."""
    with_history = [one for one in configurations if one.config["layout"]["name"] == "history"]
    paths = {one.title: one.first.files() / "operating_curve.csv" for one in with_history if one.first}
    return {title: pd.read_csv(path) for title, path in list(paths.items())[:_MOST_CURVES] if path.is_file()}
