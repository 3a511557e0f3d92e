"""Pictures of made studies: their content, and that no label is cut off."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from matplotlib.figure import Figure
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from src.search import plots
from src.search.plots import Scale
from tests.pictures import texts_inside

SCORE = Scale("val_macro_f1", "maximize")
SECONDS = Scale("fit_seconds", "minimize")
SPACE = {
    "reducer": CategoricalDistribution(["pca", "mi"]),
    "k": IntDistribution(1, 10, log=True),
    "model.dropout": FloatDistribution(0, 0.3),
}


def trial(number: int, state: TrialState, values: Sequence[float] | None, **params: Any) -> FrozenTrial:
    now = datetime(2026, 1, 1)
    params = {name.replace("_", "."): value for name, value in params.items()}
    return FrozenTrial(
        number=number, state=state, value=None, values=values, datetime_start=now, datetime_complete=now,
        params=params, distributions={name: SPACE[name] for name in params}, user_attrs={}, system_attrs={},
        intermediate_values={} if state == TrialState.FAIL else {1: 0.9, 2: 0.95 + number / 1000}, trial_id=number,
    )  # fmt: skip


def test_scores_are_drawn_as_distances_and_costs_as_they_are() -> None:
    cost, score = Scale("val_mean_cost", "minimize"), Scale("val_macro_f1", "maximize")
    assert (cost.label, cost.log, cost.low_is_good, cost(0.25)) == ("mean cost on validation", False, True, 0.25)
    assert (score.label, score.log, score.low_is_good) == ("100 % - macro F1 on validation", True, True)
    assert score(0.99) == pytest.approx(1)


@pytest.fixture
def trials() -> list[FrozenTrial]:
    return [
        trial(0, TrialState.COMPLETE, [0.95, 3.0], reducer="pca", k=2, model_dropout=0.1),
        trial(1, TrialState.PRUNED, None, reducer="pca", k=9, model_dropout=0.3),
        trial(2, TrialState.COMPLETE, [0.99, 9.0], reducer="mi", k=10),
        trial(3, TrialState.FAIL, None, reducer="mi", k=1),
        trial(4, TrialState.COMPLETE, [0.99, 12.0], reducer="mi", k=4, model_dropout=0.0),
    ]


@pytest.mark.parametrize(
    "draw",
    [
        lambda trials: plots.history(trials, SCORE, "study"),
        lambda trials: plots.history(trials, SECONDS, "study"),
        lambda trials: plots.slices(trials, SCORE, "study"),
        lambda trials: plots.parallel_coordinates(trials, SCORE, "study"),
        lambda trials: plots.learning_curves(trials, "study"),
        lambda trials: plots.pareto_front(trials, trials[:1] + trials[2:3], [SCORE, SECONDS], "study"),
        lambda trials: plots.importances({"training.learning_rate": 0.75, "k": 0.25, "model.units": 0.0}, "study"),
    ],
)
def test_no_label_is_cut_off(
    draw: Callable[..., Figure], trials: list[FrozenTrial], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any("study" in text for text in texts_inside(draw(trials), monkeypatch))


def test_a_study_of_one_trial_can_be_drawn(trials: list[FrozenTrial], monkeypatch: pytest.MonkeyPatch) -> None:
    for draw in (plots.history, plots.slices, plots.parallel_coordinates):
        assert texts_inside(draw(trials[:1], SCORE, "study"), monkeypatch)


def test_scores_are_drawn_as_the_distance_to_100_percent_and_the_best_comes_last(trials: list[FrozenTrial]) -> None:
    complete = [one for one in trials if one.state == TrialState.COMPLETE]
    assert SCORE(0.996) == pytest.approx(0.4)
    assert SCORE(1.0) > 0, "a logarithmic axis has no 0"
    assert SCORE.label == "100 % - macro F1 on validation"
    assert [one.number for one in SCORE.from_worst(complete)] == [0, 4, 2], "of equals the first is the best"
    assert SECONDS(12.0) == 12.0
    (best_so_far,) = [line for line in plots.history(trials, SCORE, "").axes[0].lines if len(line.get_xdata()) == 3
                      and line.get_color() == plots.BEST]  # fmt: skip
    assert list(best_so_far.get_ydata()) == pytest.approx([5.0, 1.0, 1.0])


def test_each_outcome_has_its_own_marker(trials: list[FrozenTrial]) -> None:
    labels = [text.get_text() for text in plots.history(trials, SCORE, "").legends[0].texts]
    assert labels == ["complete", "pruned, at its best epoch", "failed", "best so far"]
    assert "failed" not in [text.get_text() for text in plots.history(trials[:3], SCORE, "").legends[0].texts]


def test_every_parameter_has_a_panel_with_its_choices_or_its_scale(trials: list[FrozenTrial]) -> None:
    panels = {axes.get_xlabel(): axes for axes in plots.slices(trials, SCORE, "").axes if axes.get_xlabel()}
    assert list(panels) == ["reducer", "k", "model.dropout"]
    assert [label.get_text() for label in panels["reducer"].get_xticklabels()] == ["pca", "mi"]
    assert panels["k"].get_xscale() == "log"
    assert len(panels["model.dropout"].collections[0].get_offsets()) == 2, "of the trials that have it"
