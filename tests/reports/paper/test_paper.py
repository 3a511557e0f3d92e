"""The paper's numbers: one file, each with its place, each used."""

import re

import pytest

from src.data.splitting import Split
from src.reports.paper.paper import FILE, Stated, find, stated


def test_every_number_has_a_place_in_the_text() -> None:
    numbers = stated()
    assert len(numbers) == 30
    assert all(re.match(r"\w.*: .+|\w+.*", one.place) and len(one.place) > 15 for one in numbers.values())


def test_the_numbers_are_the_papers() -> None:
    assert find("accuracy", "binary") == Stated(99.44, "%", "Results, binary classification: LSTM-PCA, 2 components")
    assert [find("accuracy", task).value for task in ("binary", "multiclass")] == [99.44, 99.39]  # type: ignore[union-attr]
    # its seconds are proportional to k and to the records, which is how they were read: within 17 %
    timed = [one.split(".")[1:] for one in stated() if one.startswith("seconds.")]
    assert len(timed) == 10
    for reducer, k, task in timed:
        seconds = find("seconds", reducer, k, task)
        assert seconds is not None
        records = 200_148 if task == "binary" else 320_000
        assert seconds.value / int(k) / records == pytest.approx(219 / 200_148, rel=0.17), (reducer, k, task)


def test_the_tasks_and_the_split_of_the_project_are_the_papers(composed) -> None:  # type: ignore[no-untyped-def]
    for task in ("binary", "multiclass", "multiclass_smurf"):
        classes = composed(f"task={task}").task.classes
        for name, one in classes.items():
            number = find("records", "binary" if task == "binary" else "multiclass", name)
            assert number is not None
            assert one["count"] == number.value
    split = composed().split
    assert isinstance(Split("random", split.train, split.val, split.test), Split)
    assert [find("split", part).value / 100 for part in ("train", "val", "test")] == [
        split.train,
        split.val,
        split.test,
    ]  # type: ignore[union-attr]


def test_no_number_of_the_paper_is_in_the_code() -> None:
    text = "".join(path.read_text() for path in FILE.parent.glob("*.py")) + "".join(
        path.read_text() for path in (FILE.parent / "templates").iterdir()
    )
    for key, one in stated().items():
        if one.unit == "s" or key.startswith("accuracy"):
            assert f"{one.value:.2f}" not in text, key


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (Stated(99.44, "%", "x"), "99.44 %"),
        (Stated(71, "%", "x", at_least=True), "> 71 %"),
        (Stated(11629.69, "s", "x"), "11,629.69 s"),
        (Stated(100148, "records", "x"), "100,148"),
        (Stated(15, "times", "x", at_least=True), "> 15 times"),
        (Stated(21, "position", "x"), "21"),
    ],
)
def test_a_number_is_shown_as_the_paper_states_it(number: Stated, shown: str) -> None:
    assert str(number) == shown


def test_what_the_text_does_not_say_is_not_there() -> None:
    assert find("accuracy", "binary", "mi") is None
