"""Ranks of the models over several test sets: Friedman's test and the critical difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from src.evaluation.significance import Ranking, rank_models
from src.reports.markdown import markdown_table
from src.reports.runs import Configuration

TOO_FEW = "Ranks need two test sets or more, and three models or more that ran on all of them."


@dataclass(frozen=True)
class TestSet:
    """A test set of the binary task.

    Attributes:
        name: Name in words.
        configurations: Models that were trained for it.
        metric: Metric of each model on it.
    """

    __test__ = False  # the name is no test of pytest

    name: str
    configurations: Sequence[Configuration]
    metric: str

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
    return markdown_table(["model", "mean rank", *(f"{one.name}, accuracy, %" for one in ranks.sets)], rows)


def sentence(ranks: Ranks | None) -> str:
    """Return the results of both tests in words."""
    if ranks is None:
        return TOO_FEW
    best, worst, distance = ranks.ranking.ranks[0], ranks.ranking.ranks[-1], ranks.ranking.distance
    apart = "can be told apart by their ranks" if worst - best >= distance else "cannot be told apart by their ranks"
    return (
        f"Over {len(ranks.sets)} test sets and {len(ranks.models)} models, Friedman's test of equal models has "
        f"p = {ranks.ranking.p:.2g}. The critical difference of two mean ranks is {distance:.2f} (Nemenyi, 95 %). "
        f"The first (`{ranks.models[0]}`, {best:.2f}) and the last (`{ranks.models[-1]}`, {worst:.2f}) {apart}."
    )
