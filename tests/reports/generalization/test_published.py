"""Published results: whole, and refused where a key is misspelt or a value cannot be."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from src.reports.generalization import published
from src.reports.generalization.published import contest_winner, on_nsl_kdd, on_the_contest


def test_the_winner_has_the_lowest_cost_of_the_contest_itself() -> None:
    won = contest_winner()
    assert (won.cost, won.accuracy, won.false_alarms) == (0.2331, 92.71, 0.55)
    assert won.cost == min(one.cost for one in on_the_contest() if one.system.startswith("KDD Cup 1999"))


def test_results_that_were_not_read_are_none() -> None:
    assert [one.test_21 for one in on_nsl_kdd()] == [None, 69.42, 68.55, 66.16, 63.26]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{system: one, place: a page, cost: 0.2, acuracy: 90}", "acuracy"),
        ("{system: one, place: a page, cost: 0.2, accuracy: 9000}", "less than or equal to 100"),
        ("{system: one, cost: 0.2}", "place"),
    ],
)
def test_a_misspelt_key_or_a_wrong_value_is_refused(
    line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "references.yaml").write_text(f"- {line}\n")
    monkeypatch.setattr(published, "CONTEST", tmp_path / "references.yaml")
    with pytest.raises(ValidationError, match=words):
        on_the_contest.__wrapped__()


@pytest.mark.parametrize("winners", [0, 2])
def test_one_result_is_that_of_the_winner(winners: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one = contest_winner()
    monkeypatch.setattr(published, "on_the_contest", lambda: (one,) * winners)
    with pytest.raises(ValueError, match=rf"references.yaml: found {winners} results with `winner: true`, expected 1"):
        contest_winner()
