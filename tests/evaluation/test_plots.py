"""Pictures: drawn without a warning, the same bytes twice, and no text cut off."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from src.evaluation import plots
from src.evaluation.metrics import Evaluation
from tests.pictures import texts_inside

Evaluated = Callable[..., tuple[Evaluation, tuple[str, ...]]]
SHORT = "kdd99_10pct, binary, random split, lstm on pca k=2, seed 0"
LONG = (
    "SIMULATED DATA - simulated, multiclass_smurf, grouped split, random_forest on none k=53, seed 4294967295, "
    "and so on for as long as a caption can possibly be, which is what a sweep over everything would write"
)


def check(draw: Callable[[], Figure], caption: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No text outside the picture, the caption in it, and the same bytes when drawn again; returns the texts."""
    words = texts_inside(draw(), monkeypatch)
    assert any(caption in one for one in words)
    for name in ("one.png", "two.png"):
        plots.save(draw(), folder / name)
    assert (folder / "one.png").read_bytes() == (folder / "two.png").read_bytes()
    assert (folder / "one.png").read_bytes().startswith(b"\x89PNG")
    return words


@pytest.mark.parametrize(
    ("n_classes", "caption"), [(2, LONG), (3, LONG), (5, LONG), (2, SHORT)], ids=["2", "3", "5", "2-short"]
)
def test_pictures_of_an_evaluation_show_all_their_text(
    n_classes: int, caption: str, make_evaluation: Evaluated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, names = make_evaluation(n_classes)
    draw: dict[str, Callable[[], Figure]] = {
        "confusion_matrix": lambda: plots.confusion_matrix(result.confusion, names, caption),
        "attack_recall": lambda: plots.attack_recall(result.per_attack, caption),
        "roc": lambda: plots.roc(result.roc, caption),
        "precision_recall": lambda: plots.precision_recall(result.precision_recall, caption),
    }
    assert list(plots.evaluation_figures(result, names, caption)) == list(draw)
    words = {name: check(one, caption, tmp_path, monkeypatch) for name, one in draw.items()}
    assert {"actual class", "predicted class", *names} <= set(words["confusion_matrix"])
    assert {f"{count:,}" for count in result.confusion.ravel()} <= {
        one.split("\n")[0] for one in words["confusion_matrix"]
    }
    assert "false-alarm rate (logarithmic)" in words["roc"]
    curves = names if n_classes > 2 else ("attack",)
    assert set(curves) <= set(words["roc"])
    assert set(curves) <= set(words["precision_recall"])
    table = result.per_attack
    labels = table["attack"].where(table["in_training"], table["attack"] + "*")
    shown = {f"{label} ({records:,})" for label, records in zip(labels, table["records"], strict=True)}
    assert shown <= set(words["attack_recall"])
    assert "share of the type's test records; * the type is not in training" in words["attack_recall"]


@pytest.mark.integration
def test_pictures_of_training_and_reduction_show_all_their_text(
    variance: pd.DataFrame,
    information: pd.DataFrame,
    epochs: list[dict[str, float]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check(lambda: plots.history(pd.DataFrame(epochs), LONG), LONG, tmp_path, monkeypatch)
    check(lambda: plots.history(pd.DataFrame(epochs[:1]), SHORT), SHORT, tmp_path, monkeypatch)
    words = check(lambda: plots.explained_variance(variance, LONG), LONG, tmp_path, monkeypatch)
    assert {"55.0%", "71.4%", "82.2%"} <= set(words)
    words = check(lambda: plots.mutual_information(information, LONG), LONG, tmp_path, monkeypatch)
    assert f"{information['feature'][0]} ({information['position'][0]})" in words
    assert "0.690" in words


def test_the_picture_of_reliability_shows_all_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = pd.DataFrame({"records": [10, 30], "confidence": [0.8, 0.99], "accuracy": [0.9, 0.97]})
    fitted = one.assign(probabilities="as fitted")
    both = pd.concat([fitted, one.assign(accuracy=one["confidence"], probabilities="at temperature 1.53")])
    assert check(lambda: plots.reliability(fitted, SHORT), SHORT, tmp_path, monkeypatch)
    words = check(lambda: plots.reliability(both, LONG), LONG, tmp_path, monkeypatch)
    assert {"as certain as right", "as fitted: error 4.000%", "at temperature 1.53: error 0.000%"} <= set(words)
    (axes,) = plots.reliability(both, SHORT).axes
    np.testing.assert_allclose(axes.lines[1].get_xdata(), -np.log10([0.2, 0.01]))
    np.testing.assert_allclose(axes.lines[1].get_ydata(), -np.log10([0.1, 0.03]))


def test_the_confusion_matrix_is_drawn_as_it_is_written(make_evaluation: Evaluated) -> None:
    confusion = np.array([[90, 1], [10, 99]])
    figure = plots.confusion_matrix(confusion, ("normal", "attack"), SHORT)
    texts = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert texts == {(0, 0): "90\n90.00%", (1, 0): "1\n1.00%", (0, 1): "10\n10.00%", (1, 1): "99\n99.00%"}


def test_a_class_without_records_is_drawn_as_nothing_of_nothing() -> None:
    figure = plots.confusion_matrix(np.array([[5, 0], [0, 0]]), ("normal", "attack"), SHORT)
    assert [text.get_text() for text in figure.axes[0].texts].count("0\n0.00%") == 3


def test_the_roc_curve_has_a_logarithmic_axis_from_one_in_ten_thousand_to_one() -> None:
    table = pd.DataFrame({"class": "attack", "false_alarm_rate": [0, 0, 0.01, 1], "recall": [0, 0.9, 0.99, 1]})
    (axes,) = plots.roc(table, SHORT).axes
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == (1e-4, 1)
    assert axes.get_ylim() == (0, 4)  # nines
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_xdata(), [1e-4, 1e-4, 0.01, 1])
    np.testing.assert_allclose(line.get_ydata(), [0, 1, 2, 4], atol=1e-12)


def test_precision_and_recall_are_drawn_by_what_is_missing_to_1() -> None:
    table = pd.DataFrame({"class": "attack", "recall": [0, 0.9, 0.999, 1], "precision": [1, 0.99999, 0.99, 0.5]})
    (axes,) = plots.precision_recall(table, SHORT).axes
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_xdata(), [0, 1, 3, 4], atol=1e-9)
    np.testing.assert_allclose(line.get_ydata(), [4, 4, 2, -np.log10(0.5)], atol=1e-9)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "0.5", "0.9", "0.99", "0.999", "≥ 0.9999"]


def test_every_class_has_a_line_of_its_own_however_many_there_are(make_evaluation: Evaluated) -> None:
    result, names = make_evaluation(7)
    for figure in (plots.roc(result.roc, SHORT), plots.precision_recall(result.precision_recall, SHORT)):
        lines = figure.axes[0].lines
        assert [line.get_label() for line in lines] == list(names)
        assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 7


def test_the_most_frequent_label_is_on_top(make_evaluation: Evaluated) -> None:
    table = pd.DataFrame(
        {"attack": ["smurf", "pod"], "class": "dos", "records": [9, 1], "recall": [1.0, 0.5], "detected": [1.0, 0.75]}
    )
    (axes,) = plots.attack_recall(table, SHORT).axes
    ticks = dict(zip((text.get_text() for text in axes.get_yticklabels()), axes.get_yticks(), strict=True))
    assert ticks["smurf (9)"] > ticks["pod (1)"]
    right, alarm = axes.containers
    assert [bar.get_width() for bar in right] == [0.5, 1.0]
    assert [bar.get_width() for bar in alarm] == [0.75, 1.0]


def test_without_a_curve_no_curve_is_drawn(make_evaluation: Evaluated) -> None:
    result, names = make_evaluation(2, n=1)
    assert list(plots.evaluation_figures(result, names, SHORT)) == ["confusion_matrix", "attack_recall"]


def test_a_picture_is_whole_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="savefig"):
        plots.save(None, tmp_path / "broken.png")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
