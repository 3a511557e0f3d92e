"""Ranks of the models over several test sets; Friedman's test and the critical difference if these are independent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from src.evaluation.significance import LEVEL, Ranking, rank_models
from src.reports.markdown import markdown_table, seeds
from src.reports.runs import Configuration

TOO_FEW = "Ranks need two test sets or more, and three models or more that ran on all of them."


@dataclass(frozen=True)
class TestSet:
    """A test set of the binary task.

    Attributes:
        name: Name in words.
        configurations: Models that were trained for it.
        metric: Metric of each model on it.
        drawn_from: Name of the test set that has all its feature vectors; None for records of its own.
    """

    __test__ = False  # the name is no test of pytest

    name: str
    configurations: Sequence[Configuration]
    metric: str
    drawn_from: str | None = None

    @property
    def title(self) -> str:
        """Name, and the number of seeds of its models: `KDD99 corrected (3 seeds)`."""
        counts = sorted({len(one.values(self.metric)) for one in self.configurations} - {0})
        ends = f"{counts[0]} to {seeds(counts[-1])}" if len(counts) > 1 else seeds(counts[0] if counts else 0)
        return f"{self.name} ({ends})"

    @property
    def scores(self) -> Mapping[str, float]:
        """Mean over the seeds by model, for the models that ran."""
        found = ((one.model, one.mean(self.metric)) for one in self.configurations)
        return {model: mean for model, mean in found if mean is not None}


@dataclass(frozen=True)
class Ranks:
    """Models on all test sets.

    Attributes:
        sets: Test sets with runs.
        models: Models that ran on all of them, best mean rank first.
        scores: Scores, float64, shape (test sets, models).
        ranking: Mean ranks in the order of `models`, and the tests.
    """

    sets: tuple[TestSet, ...]
    models: tuple[str, ...]
    scores: np.ndarray
    ranking: Ranking

    @property
    def dependent(self) -> tuple[TestSet, ...]:
        """Test sets whose records are drawn from another one of them: tests over both find too much."""
        names = {one.name for one in self.sets}
        return tuple(one for one in self.sets if one.drawn_from in names)


def rank(sets: Sequence[TestSet]) -> Ranks | None:
    """Rank the models that ran on every test set; None with too few of either."""
    there = tuple(one for one in sets if one.scores)
    models = [model for model in (there[0].scores if there else ()) if all(model in one.scores for one in there)]
    if len(there) < 2 or len(models) < 3:
        return None
    scores = np.array([[one.scores[model] for model in models] for one in there])
    order = np.argsort(rank_models(scores).ranks, kind="stable")
    return Ranks(there, tuple(models[at] for at in order), scores[:, order], rank_models(scores[:, order]))


def table(ranks: Ranks | None) -> str:
    """Return the mean rank of each model and its accuracy on each test set."""
    if ranks is None:
        return TOO_FEW
    rows = [
        [model, f"{mean:.2f}", *(f"{100 * score:.2f}" for score in ranks.scores[:, at])]
        for at, (model, mean) in enumerate(zip(ranks.models, ranks.ranking.ranks, strict=True))
    ]
    return markdown_table(["model", "mean rank", *(f"{one.title}, accuracy, %" for one in ranks.sets)], rows)


def sentence(ranks: Ranks | None) -> str:
    """Return in words what the ranks are of, and the results of both tests or why there are none."""
    if ranks is None:
        return TOO_FEW
    said = [
        f"Mean ranks of {len(ranks.models)} models by accuracy over {len(ranks.sets)} test sets, each with means of "
        f"its seeds: {' and '.join(one.title for one in ranks.sets)}."
    ]
    if ranks.dependent:
        said += [
            *(f"Every feature vector of {one.name} is also in {one.drawn_from}." for one in ranks.dependent),
            "So the sets are not independent, and there is no p-value: Friedman's test would find differences between "
            "equal models too often.",
        ]
    else:
        said.append(f"Friedman's test of equal models has p = {ranks.ranking.p:.2g}.")
        if (least := _least_p(ranks)) >= LEVEL:
            said.append(f"It cannot find anything here: the same order on all sets would have p = {least:.2g}.")
    return " ".join([*said, _apart(ranks)]).rstrip()


def _least_p(ranks: Ranks) -> float:
    """Smallest p-value of Friedman's test with so many sets and models: that of equal orders."""
    n_sets, n_models = ranks.scores.shape
    return rank_models(np.tile(np.arange(n_models, dtype=float), (n_sets, 1))).p


def _apart(ranks: Ranks) -> str:
    """Sentence on the critical difference; empty if the sets are not independent and could have told models apart."""
    best, worst, distance = ranks.ranking.ranks[0], ranks.ranking.ranks[-1], ranks.ranking.distance
    most = len(ranks.models) - 1
    if distance > most:
        return (
            f"{len(ranks.sets)} test sets are too few to tell any two models apart by ranks: mean ranks differ by "
            f"{most} at most, and independent sets would have a critical difference of {distance:.2f} (Nemenyi, 95 %)."
        )
    if ranks.dependent:
        return ""
    apart = "can be told apart by their ranks" if worst - best >= distance else "cannot be told apart by their ranks"
    return (
        f"The critical difference of two mean ranks is {distance:.2f} (Nemenyi, 95 %). The first (`{ranks.models[0]}`, "
        f"{best:.2f}) and the last (`{ranks.models[-1]}`, {worst:.2f}) {apart}."
    )
