"""Notes beside outputs: what is stale is not read, in a DVC stage it is an error, and a direct run does without."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from src import pipeline, recipes
from src.build import Settings, build
from src.data.tables import read_table
from src.pipeline import Walk, write_preprocessed, write_sampled
from src.recipes import current_facts, note_path, write_note
from src.workspace import PROJECT, Workspace

Compose = Callable[..., DictConfig]
STAGES = tuple(recipes._KEYS)
FACTS = {"records": 3}


def config(composed: Compose, *overrides: str) -> dict[str, Any]:
    return build(composed(*overrides)).config


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output without a note."""
    (tmp_path / "sampled").mkdir()
    return tmp_path / "sampled"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rooms, to be changed; recipes are made of it."""
    for room in ("data", "features"):
        shutil.copytree(PROJECT / "src" / room, tmp_path / "project" / "src" / room)
    monkeypatch.setattr(recipes, "PROJECT", tmp_path / "project")
    return tmp_path / "project" / "src"


@pytest.mark.parametrize("stage", STAGES)
def test_what_was_noted_is_current(stage: str, output: Path, composed: Compose) -> None:
    write_note(output, config(composed), stage, FACTS)
    assert current_facts(output, config(composed), stage) == FACTS


def test_the_note_lies_beside_the_output_and_not_in_it(output: Path, composed: Compose) -> None:
    write_note(output, config(composed), "sample", FACTS)
    assert list(output.iterdir()) == []
    assert note_path(output) == output.parent / "sampled.recipe.json"
    assert note_path(output.parent / "a.b") == output.parent / "a.b.recipe.json"


@pytest.mark.parametrize(
    ("stage", "override"),
    [
        ("download", "dataset=simulated"),
        ("preprocess", "preprocess.on_bad_record=quarantine"),
        ("sample", "task=multiclass"),
        ("sample", "split=grouped"),
        ("sample", "seed=1"),
        ("sample", "task.classes.attack.count=5"),
        ("sample", "preprocess.on_bad_record=quarantine"),
        ("reduce", "seed=1"),
        ("reduce", "k=3"),
        ("reduce", "reducer=mi"),
        ("reduce", "scaling=log_minmax"),
        ("reduce", "scaling.one_hot_service=true"),
        ("reduce", "split=grouped"),
    ],
)
def test_the_note_of_another_config_is_not_current(stage: str, override: str, output: Path, composed: Compose) -> None:
    write_note(output, config(composed, override), stage, FACTS)
    assert current_facts(output, config(composed), stage) is None


def test_other_windows_make_another_input(output: Path, composed: Compose) -> None:
    official = config(composed, "split=official")
    for window in (1, 8):
        other = config(composed, "split=official", "layout=window", f"window={window}")
        write_note(output, other, "reduce", FACTS)
        assert current_facts(output, other, "reduce") == FACTS
        assert current_facts(output, official, "reduce") is None
        write_note(output, other, "sample", FACTS)
        assert current_facts(output, official, "sample") == FACTS


@pytest.mark.parametrize(
    ("stage", "override"),
    [
        ("sample", "scaling=log_minmax"),
        ("preprocess", "seed=1"),
        ("sample", "k=3"),
        ("reduce", "model.units=3"),
        ("reduce", "training.epochs=3"),
    ],
)
def test_what_a_stage_does_not_read_does_not_make_its_output_stale(
    stage: str, override: str, output: Path, composed: Compose
) -> None:
    write_note(output, config(composed, override), stage, FACTS)
    assert current_facts(output, config(composed), stage) == FACTS


@pytest.mark.parametrize("stage", ["preprocess", "sample", "reduce"])
@pytest.mark.parametrize("changed", ["data/sampling.py", "features/reducers.py", "data/profile.json", "data/new.py"])
def test_the_note_of_other_code_is_not_current(
    stage: str, changed: str, code: Path, output: Path, composed: Compose
) -> None:
    write_note(output, config(composed), stage, FACTS)
    assert current_facts(output, config(composed), stage) == FACTS
    with (code / changed).open("a") as file:
        file.write("\n")
    assert current_facts(output, config(composed), stage) is None


def test_a_raw_file_is_what_it_is_whatever_code_fetched_it(code: Path, output: Path, composed: Compose) -> None:
    write_note(output, config(composed), "download", {})
    with (code / "data" / "sources.py").open("a") as file:
        file.write("\n")
    assert current_facts(output, config(composed), "download") == {}


def test_the_note_of_another_stage_is_not_current(output: Path, composed: Compose) -> None:
    write_note(output, config(composed), "preprocess", FACTS)
    assert current_facts(output, config(composed), "download") is None


def test_a_missing_note_is_not_current(output: Path, composed: Compose) -> None:
    assert current_facts(output, config(composed), "sample") is None


def test_a_note_without_its_output_is_not_current(output: Path, composed: Compose) -> None:
    write_note(output, config(composed), "sample", FACTS)
    output.rmdir()
    assert current_facts(output, config(composed), "sample") is None


@pytest.mark.parametrize("left", [0, 1, 100, -2])
def test_half_a_note_is_not_current(left: int, output: Path, composed: Compose) -> None:
    write_note(output, config(composed), "sample", FACTS)
    text = note_path(output).read_text()
    note_path(output).write_text(text[:left])
    assert current_facts(output, config(composed), "sample") is None


@pytest.mark.parametrize("text", [b"[]", b"null", b"{}", b"\xff\xfe\x00"])
def test_a_note_that_is_none_of_ours_is_not_current(text: bytes, output: Path, composed: Compose) -> None:
    note_path(output).write_bytes(text)
    assert current_facts(output, config(composed), "sample") is None


def test_a_note_without_facts_is_not_current(output: Path, composed: Compose) -> None:
    write_note(output, config(composed), "sample", FACTS)
    note = json.loads(note_path(output).read_text())
    del note["facts"]
    note_path(output).write_text(json.dumps(note))
    assert current_facts(output, config(composed), "sample") is None


@pytest.mark.parametrize("stage", STAGES)
def test_in_a_dvc_stage_a_stale_output_is_an_error_that_names_the_way_out(
    stage: str, output: Path, composed: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "train")
    message = rf"^{output}: found an output of another config or other code.*`dvc repro --force {stage}`$"
    with pytest.raises(RuntimeError, match=message):
        current_facts(output, config(composed), stage)
    write_note(output, config(composed, "dataset=simulated"), stage, FACTS)
    with pytest.raises(RuntimeError, match=message):
        current_facts(output, config(composed), stage)
    write_note(output, config(composed), stage, FACTS)
    assert current_facts(output, config(composed), stage) == FACTS


# --- the walk --------------------------------------------------------------------------------------------------------

SMALL = ("dataset=simulated", "dataset.records=1000", "dataset.test_records=1000")


@pytest.fixture(scope="module")
def written(composed: Compose, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Workspace]:
    """1,000 simulated records, preprocessed and sampled with seed 0."""
    out = Workspace(tmp_path_factory.mktemp("written"))
    settings = build(composed(*SMALL))
    write_preprocessed(settings, out, out)
    write_sampled(settings, out, out)
    return settings, out


def test_a_direct_run_reads_what_is_current(
    written: tuple[Settings, Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, out = written
    monkeypatch.setattr(pipeline, "draw", None)  # must not be needed
    tables, facts = Walk(settings, out).sampled
    np.testing.assert_array_equal(tables["val"].X, read_table(out.sampled / "val.parquet").X)
    assert facts["source_records"] == 1000


def test_a_direct_run_makes_what_is_stale_in_memory_and_leaves_the_files(
    written: tuple[Settings, Workspace], composed: Compose, tmp_path: Path
) -> None:
    _, out = written
    before = {path: path.stat().st_mtime_ns for path in out.root.rglob("*")}
    other = build(composed(*SMALL, "seed=1"))
    stale, fresh = Walk(other, out).sampled[0], Walk(other, Workspace(tmp_path)).sampled[0]
    for part in ("train", "val", "test"):
        np.testing.assert_array_equal(stale[part].row, fresh[part].row)
        np.testing.assert_array_equal(stale[part].X, fresh[part].X)
    assert not np.array_equal(stale["test"].row, read_table(out.sampled / "test.parquet").row)
    assert {path: path.stat().st_mtime_ns for path in out.root.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []


def test_in_a_dvc_stage_the_walk_stops_at_a_stale_table_but_for_the_one_that_is_being_made(
    written: tuple[Settings, Workspace], composed: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out = written
    monkeypatch.setenv("DVC_STAGE", "sample")
    other = build(composed(*SMALL, "seed=1"))
    with pytest.raises(RuntimeError, match="dvc repro --force sample"):
        _ = Walk(other, out).sampled
    assert len(Walk(other, out, making="sample").sampled[0]) == 3


def test_a_stage_that_died_leaves_no_note(
    written: tuple[Settings, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, made = written
    out = Workspace(tmp_path)
    write_sampled(settings, out, made)
    assert current_facts(out.sampled, settings.config, "sample") is not None

    def fail(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pipeline, "write_table", fail)
    with pytest.raises(OSError, match="no space left"):
        write_sampled(settings, out, made)
    assert current_facts(out.sampled, settings.config, "sample") is None


# --- what the numbers of a whole run follow from ---------------------------------------------------------------------


@pytest.fixture
def run_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """The digest of the code of a copy of the project, read anew at each call."""
    shutil.copytree(PROJECT / "src", tmp_path / "project" / "src")
    monkeypatch.setattr(recipes, "PROJECT", tmp_path / "project")
    return recipes._run_code.__wrapped__


@pytest.mark.parametrize("change", ["tracking.log_model=false", "tracking.parent=x", "training.progress=false"])
def test_what_changes_no_number_is_no_other_run(change: str, composed: Compose) -> None:
    assert recipes.run_recipe(config(composed, change)) == recipes.run_recipe(config(composed))


@pytest.mark.parametrize(
    "change",
    [
        "k=3",
        "seed=1",
        "scaling=log_minmax",
        "training.epochs=7",
        "training.class_balance=0.5",
        "training.type_balance=0.5",
        "training.noise=0.1",
        "model.standardise=false",
        "model.units=3",
        "dataset=kdd99",
        "split=grouped",
        "evaluation.bootstrap=9",
    ],
)
def test_every_other_value_makes_another_run(change: str, composed: Compose) -> None:
    assert recipes.run_recipe(config(composed, change))["config"] != recipes.run_recipe(config(composed))["config"]


@pytest.mark.parametrize("name", ["models/lstm.py", "data/sampling.py", "features/reducers.py", "pipeline.py",
                                  "evaluation/metrics.py", "evaluation/operating_point.py", "evaluation/leakage.py",
                                  "evaluation/uncertainty.py", "evaluation/calibration.py", "evaluation/judgement.py",
                                  "experiment.py", "detector.py", "decision.py"])  # fmt: skip
def test_code_that_works_on_the_numbers_counts_and_comments_do_not(
    name: str, run_code: Callable[[], str], tmp_path: Path
) -> None:
    before, path = run_code(), tmp_path / "project" / "src" / name
    text = path.read_text()
    path.write_text(text.replace('"""', '"""Other words. ', 1) + "\n# a comment\n")
    assert run_code() == before
    path.write_text(text + "\nMORE = 1\n")
    assert run_code() != before


def test_pictures_do_not_count(run_code: Callable[[], str], tmp_path: Path) -> None:
    before = run_code()
    (tmp_path / "project" / "src" / "evaluation" / "plots.py").write_text("")
    assert run_code() == before


def test_other_libraries_are_another_run(run_code: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_code()
    monkeypatch.setattr(recipes, "version", lambda name: "0.0")
    assert run_code() != before
