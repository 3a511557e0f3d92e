"""The card of a detector: a strict schema, and digests of what it was saved with."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from src.detector.card import Card, Teacher, check_files, read_card, write_card
from src.detector.decision import Decision

THREE = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]  # costs
NAMES = {"dataset": "simulated", "task": "binary", "split": "random", "reducer": "pca", "model": "lstm"}
CARD = Card(("normal", "attack"), **NAMES, simulated=True, k=2, seed=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "estimator.skops").write_bytes(b"weights")
    write_card(tmp_path, CARD, Decision(2.0))
    return tmp_path


def change(folder: Path, **values: Any) -> None:
    card = json.loads((folder / "detector.json").read_text())
    (folder / "detector.json").write_text(json.dumps(card | values))


def test_a_card_is_read_as_it_was_written(folder: Path) -> None:
    card, decision, digests = read_card(folder)
    assert (card, decision) == (CARD, Decision(2.0))
    assert sorted(digests) == ["detector.json", "model/estimator.skops"]
    check_files(folder, digests)
    text = json.loads((folder / "detector.json").read_text())
    (folder / "detector.json").write_text(json.dumps(dict(reversed(text.items()))))  # order and layout are free
    assert read_card(folder)[:2] == (CARD, Decision(2.0))


def test_a_card_names_the_teacher_of_a_taught_network_and_has_no_such_key_for_others(folder: Path) -> None:
    assert "teacher" not in json.loads((folder / "detector.json").read_text())
    teacher = Teacher({"model": {"name": "extra_trees"}, "records_per_epoch": 5}, "a" * 64)
    write_card(folder, replace(CARD, teacher=teacher), Decision())
    assert read_card(folder)[0].teacher == teacher
    change(folder, teacher={"config": {"model": {}}, "sha256": "b" * 64})
    with pytest.raises(ValueError, match="found values that are not those that were saved"):
        read_card(folder)
    change(folder, teacher={"config": {"model": {}}, "sha256": "no digest"})
    with pytest.raises(ValueError, match="found sha256='no digest'"):
        read_card(folder)


def test_a_card_of_an_earlier_version_has_no_digests(folder: Path) -> None:
    card = json.loads((folder / "detector.json").read_text())
    del card["sha256"]
    (folder / "detector.json").write_text(json.dumps(card))
    assert read_card(folder) == (CARD, Decision(2.0), {})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"k": "x"}, "found k='x' "),
        ({"k": "2"}, "found k='2' "),
        ({"k": True}, "found k=True "),
        ({"k": 2.0}, r"found k=2\.0 "),
        ({"k": 0}, "found k=0 "),
        ({"window": 10**9}, "found window=1000000000 "),
        ({"window": 4}, "found window=4 with layout=record, expected layout=window"),
        ({"history": [5]}, r"found history=\[5\] with layout=record"),
        ({"layout": "history"}, r"found history=\[\] with layout=history"),
        ({"layout": "rows"}, "found layout='rows' "),
        ({"class_names": ["normal", "normal"]}, r"found class_names=\['normal', 'normal'\], expected names"),
        ({"class_names": ["normal"]}, "found class_names="),
        ({"class_names": "normal"}, "found class_names='normal' "),
        ({"class_names": ["normal", "a\nb"]}, r"found class_names\.1='a"),
        ({"class_names": ["normal", "a,b"]}, r"found class_names\.1='a,b'"),
        ({"simulated": "no"}, "found simulated='no' "),
        ({"past": []}, r"found past=\[\] "),
        ({"decision": None}, "found decision=None, expected a value for each of temperature"),
        ({"decision": {"temperature": 1}}, "found decision=.*, expected a value for each of temperature"),
        ({"decision": asdict(Decision()) | {"temperature": 5e-324}}, "found temperature=5e-324"),
        ({"decision": asdict(Decision()) | {"cost": [[0, 1, 1]] * 2}}, "found cost="),
        ({"decision": asdict(Decision()) | {"cost": THREE}}, r"found decision\.cost for 3 classes, expected 2"),
        ({"sha256": []}, r"found \[\] "),
        ({"k": 3}, "found values that are not those that were saved"),
        ({"class_names": ["attack", "normal"]}, "found values that are not those that were saved"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(values: dict[str, Any], message: str, folder: Path) -> None:
    change(folder, **values)
    with pytest.raises(ValueError, match=rf"^{folder}/detector\.json: {message}"):
        read_card(folder)


@pytest.mark.parametrize("text", ['{"format": 3, "k": NaN}', '{"format": 3, "k": 1e999}'])
def test_a_number_that_is_not_finite_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text(text)
    with pytest.raises(ValueError, match=r"detector\.json: found k=(nan|inf), expected a finite number"):
        read_card(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 3, "format": 3}', "a key is repeated"),
        ('{"format": ' + "[" * 200 + "]" * 200 + "}", "nested in more than 100 levels"),
        ("[" * 100_000, "found no JSON"),
        (" " * (1 << 20) + "1", "found 1,048,577 bytes"),
    ],
)
def test_json_that_is_no_card_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text(text)
    with pytest.raises(ValueError, match=rf"detector\.json: .*{message}"):
        read_card(tmp_path)


def test_another_file_than_the_one_that_was_saved_is_named(folder: Path) -> None:
    *_, digests = read_card(folder)
    for change_file in (lambda path: path.write_bytes(b"weightz"), lambda path: path.unlink()):
        change_file(folder / "model" / "estimator.skops")
        with pytest.raises(
            ValueError, match=rf"{folder}/model/estimator\.skops: found another file than detector\.json"
        ):
            check_files(folder, digests)
