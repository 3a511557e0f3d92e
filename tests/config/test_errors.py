"""Errors that end a command with a message, and those that show their traceback."""

import json
from pathlib import Path

import pytest

from src.config import errors
from src.config.build import build
from src.config.renamed_keys import refuse_renamed_keys
from src.utils.files import write_text


def raised(call):
    """Error that a call raises."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("expected an error")


@pytest.mark.parametrize("override", ["k=54", "model.units=oops", "seed=-1", "layout=window"])
def test_a_refused_value_is_expected(override, composed, capsys):
    error = raised(lambda: build(composed(override)))
    assert errors.expected(error)
    errors.report("train", error)
    printed = capsys.readouterr().err
    assert printed == f"train: {error}\n"
    assert override.partition("=")[0] in errors.summary(error)


def test_a_summary_is_the_first_line_with_words_in_it_and_never_empty():
    assert errors.summary(MemoryError()) == "MemoryError"
    assert errors.summary(ValueError("\n3\nand more")) == "ValueError: 3"


def test_an_experiment_of_dvc_that_fails_says_how_to_go_back(monkeypatch, capsys):
    """`dvc exp run -S` writes its values to params.yaml first, where the next `dvc repro` would find them."""
    error = raised(lambda: write_text(Path("/proc/none/file"), ""))
    monkeypatch.setenv("DVC_STAGE", "reduce")
    errors.report("reduce", error)
    assert len(capsys.readouterr().err.splitlines()) == 1
    monkeypatch.setenv("DVC_EXP_NAME", "sour-cream")
    errors.report("reduce", error)
    assert capsys.readouterr().err.splitlines()[1].endswith("; git checkout params.yaml takes them back")


def test_a_missing_file_is_expected(tmp_path):
    assert errors.expected(raised(lambda: (tmp_path / "none").read_text()))
    assert errors.expected(raised(lambda: write_text(Path("/proc/none/file"), "")))


@pytest.mark.parametrize(
    "call",
    [
        lambda: build(None),
        lambda: int("three"),
        lambda: {}["key"],
        lambda: json.loads("{"),
        lambda: refuse_renamed_keys(3),
    ],
    ids=["none", "int", "key", "json", "type"],
)
def test_a_mistake_in_the_code_keeps_its_traceback(call, capsys):
    error = raised(call)
    assert not errors.expected(error)
    errors.report("train", error)
    assert "Traceback (most recent call last)" in capsys.readouterr().err
    assert errors.summary(error).startswith(type(error).__name__)
