"""Fingerprints: changes that outdate the output of a stage or a run, changes that do not, and the notes beside outputs.

A stale output is not read. In a DVC stage it is an error; a direct run makes it anew in memory.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.config.settings import Settings
from src.data.tables import read_table
from src.pipeline import fingerprint, stage_data, stages
from src.pipeline.closure import Code
from src.pipeline.experiment import TrainingRecord
from src.pipeline.fingerprint import config_digest, current_facts, note_path, of_run, of_stage, write_note
from src.pipeline.stage_outputs import StageOutputs
from src.pipeline.stages import write_preprocessed, write_sampled
from src.utils.paths import PROJECT, Workspace
from tests.kdd import FEATURES

Compose = Callable[..., DictConfig]
STAGES = ("download", "preprocess", "sample", "reduce")  # stages whose output has a note
FACTS = {"records": 3}
ORIGINAL = Code(PROJECT)


def config(composed: Compose, *overrides: str) -> dict[str, Any]:
    return build(composed(*overrides)).config


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Output without a note."""
    (tmp_path / "sampled").mkdir()
    return tmp_path / "sampled"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy of the code for changes; fingerprints are made of the copy and follow its changes."""
    folder = tmp_path / "project"
    shutil.copytree(PROJECT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))

    def state() -> tuple[tuple[Path, int, int], ...]:
        return tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.rglob("*.*")))

    read = {state(): ORIGINAL}

    def as_it_is() -> Code:
        return read.setdefault(state(), Code(folder))

    monkeypatch.setattr(fingerprint, "_code", as_it_is)
    return folder / "src"


def change(path: Path, old: str, new: str) -> None:
    """Replace a text that a file has exactly once."""
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: found {old!r} {text.count(old)} times, expected it once"
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("stage", STAGES)
def test_an_output_with_its_note_is_current(stage: str, output: Path, composed: Compose) -> None:
    write_note(output, of_stage(config(composed), stage), FACTS)
    assert current_facts(output, config(composed), stage) == FACTS


def test_the_note_lies_beside_the_output_and_not_in_it(output: Path, composed: Compose) -> None:
    write_note(output, of_stage(config(composed), "sample"), FACTS)
    assert list(output.iterdir()) == []
    assert note_path(output) == output.parent / "sampled.fingerprint.json"
    assert note_path(output.parent / "a.b") == output.parent / "a.b.fingerprint.json"


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
    write_note(output, of_stage(config(composed, override), stage), FACTS)
    assert current_facts(output, config(composed), stage) is None


def test_other_windows_make_another_input(output: Path, composed: Compose) -> None:
    official = config(composed, "split=official")
    for window in (1, 8):
        other = config(composed, "split=official", "layout=window", f"window={window}")
        write_note(output, of_stage(other, "reduce"), FACTS)
        assert current_facts(output, other, "reduce") == FACTS
        assert current_facts(output, official, "reduce") is None
        write_note(output, of_stage(other, "sample"), FACTS)
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
def test_a_value_that_a_stage_does_not_read_does_not_outdate_its_output(
    stage: str, override: str, output: Path, composed: Compose
) -> None:
    write_note(output, of_stage(config(composed, override), stage), FACTS)
    assert current_facts(output, config(composed), stage) == FACTS


@pytest.mark.parametrize(
    ("stage", "file", "old", "new"),
    [
        (
            "preprocess",
            "features/encoding.py",
            "np.zeros((len(schema.features), n)",
            "np.ones((len(schema.features), n)",
        ),
        ("preprocess", "data/parsing/records.py", "BLOCK_BYTES = 16", "BLOCK_BYTES = 8"),
        ("sample", "data/sampling.py", "max(1, round(self.count * scale))", "max(2, round(self.count * scale))"),
        ("sample", "data/splitting.py", "default_rng([seed, 1])", "default_rng([seed, 2])"),
        ("sample", "pipeline/stage_data.py", "once=settings.split.once", "once=False"),
        ("reduce", "features/reducers.py", "self.k, svd_solver", "self.k, whiten=True, svd_solver"),
        ("reduce", "features/reduction.py", "dtype=np.float32)", "dtype=np.float64)"),
        ("reduce", "config/build.py", '_convert_="all"', '_convert_="none"'),
    ],
)
def test_the_note_of_other_code_is_not_current(
    stage: str, file: str, old: str, new: str, code: Path, output: Path, composed: Compose
) -> None:
    write_note(output, of_stage(config(composed), stage), FACTS)
    assert current_facts(output, config(composed), stage) == FACTS
    change(code / file, old, new)
    assert current_facts(output, config(composed), stage) is None


def test_a_published_file_does_not_depend_on_the_code_that_fetches_it(code: Path, composed: Compose) -> None:
    published, simulated = (config(composed, f"dataset={name}") for name in ("kdd99_10pct", "simulated"))
    before = of_stage(published, "download"), of_stage(simulated, "download"), of_run(published), of_run(simulated)
    change(code / "data/sources.py", "_LINE_BYTES = 1_000", "_LINE_BYTES = 1_001")
    change(code / "data/simulator.py", "CHUNK_RECORDS: Final = 50_000", "CHUNK_RECORDS: Final = 60_000")
    after = of_stage(published, "download"), of_stage(simulated, "download"), of_run(published), of_run(simulated)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True, False]


def test_data_files_beside_the_code_count(code: Path, composed: Compose) -> None:
    simulated = config(composed, "dataset=simulated")
    before = of_run(simulated)
    with (code / "data" / "simulator_profile.json").open("a") as file:
        file.write("\n")
    assert of_run(simulated)["code"] != before["code"]


def test_the_note_of_another_stage_is_not_current(output: Path, composed: Compose) -> None:
    write_note(output, of_stage(config(composed), "preprocess"), FACTS)
    assert current_facts(output, config(composed), "download") is None


def test_a_missing_note_is_not_current(output: Path, composed: Compose) -> None:
    assert current_facts(output, config(composed), "sample") is None


def test_a_note_without_its_output_is_not_current(output: Path, composed: Compose) -> None:
    write_note(output, of_stage(config(composed), "sample"), FACTS)
    output.rmdir()
    assert current_facts(output, config(composed), "sample") is None


@pytest.mark.parametrize("left", [0, 1, 100, -2])
def test_half_a_note_is_not_current(left: int, output: Path, composed: Compose) -> None:
    write_note(output, of_stage(config(composed), "sample"), FACTS)
    text = note_path(output).read_text()
    note_path(output).write_text(text[:left])
    assert current_facts(output, config(composed), "sample") is None


@pytest.mark.parametrize("text", [b"[]", b"null", b"{}", b"\xff\xfe\x00"])
def test_a_note_of_another_form_is_not_current(text: bytes, output: Path, composed: Compose) -> None:
    note_path(output).write_bytes(text)
    assert current_facts(output, config(composed), "sample") is None


def test_a_note_without_facts_is_not_current(output: Path, composed: Compose) -> None:
    write_note(output, of_stage(config(composed), "sample"), FACTS)
    note = json.loads(note_path(output).read_text())
    del note["facts"]
    note_path(output).write_text(json.dumps(note))
    assert current_facts(output, config(composed), "sample") is None


@pytest.mark.parametrize("stage", STAGES)
def test_in_a_dvc_stage_a_stale_output_is_an_error_that_says_what_to_do(
    stage: str, output: Path, composed: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    present, other = config(composed), config(composed, "dataset=simulated")
    monkeypatch.setenv("DVC_STAGE", "train")
    message = rf"^{output}: found an output of another config, other code .*`dvc repro --force {stage}`$"
    with pytest.raises(RuntimeError, match=message):
        current_facts(output, present, stage)
    write_note(output, of_stage(other, stage), FACTS)
    with pytest.raises(RuntimeError, match=message):
        current_facts(output, present, stage)
    write_note(output, of_stage(present, stage), FACTS)
    assert current_facts(output, present, stage) == FACTS


def test_an_output_of_other_library_versions_or_with_a_file_missing_or_cut_short_is_not_current(
    output: Path, composed: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    present, part = config(composed), output / "train.parquet"
    part.write_bytes(b"whole")
    write_note(output, of_stage(present, "sample"), FACTS)
    (output / "of another tool").touch()
    assert current_facts(output, present, "sample") == FACTS
    part.write_bytes(b"half")
    assert current_facts(output, present, "sample") is None
    part.unlink()
    assert current_facts(output, present, "sample") is None
    part.write_bytes(b"whole")
    version = fingerprint.version
    monkeypatch.setattr(fingerprint, "version", lambda name: "99" if name == "numpy" else version(name))
    assert current_facts(output, present, "sample") is None


def test_a_note_that_cannot_be_read_is_none(output: Path, composed: Compose) -> None:
    note_path(output).mkdir()
    assert current_facts(output, config(composed), "sample") is None


def test_the_order_of_the_columns_counts_as_the_features_follow_it(composed: Compose) -> None:
    present = config(composed)
    schema = present["dataset"]["schema"]
    others = schema | {"columns": dict(reversed(schema["columns"].items()))}
    other = present | {"dataset": present["dataset"] | {"schema": others}}
    assert other == present
    assert config_digest(other) != config_digest(present)
    del schema["groups"]  # which a schema may lack
    assert config_digest(present)


def test_the_order_of_the_classes_counts_as_it_is_their_index(composed: Compose) -> None:
    present = config(composed, "task=five", "split=official")
    classes = dict(reversed(present["task"]["classes"].items()))
    other = present | {"task": present["task"] | {"classes": classes}}
    assert other == present  # as mappings
    assert of_run(other)["config"] != of_run(present)["config"]
    assert not fingerprint.same_output(other, present, "sample")


def test_a_detector_of_another_config_is_not_evaluated(tmp_path: Path, composed: Compose) -> None:
    made = Workspace(tmp_path)
    made.run_note.parent.mkdir()
    present, other = config(composed), config(composed, "decision.false_alarm_budget=0.01")
    record = TrainingRecord("a run", {}, {}, {}, [], of_stage(present, "train"))
    made.run_note.write_text(json.dumps(asdict(record)))
    assert TrainingRecord.read(made, present | {"evaluation": {"bootstrap": 3}}).run_id == "a run"
    with pytest.raises(RuntimeError, match=r"detector: found an output of another config.*dvc repro --force train"):
        TrainingRecord.read(made, other)


# --- outputs of the stages --------------------------------------------------------------------------------------------

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
    monkeypatch.setattr(stage_data, "draw", None)  # must not be needed
    sampled = StageOutputs(settings, out).sampled
    np.testing.assert_array_equal(sampled.val.X, read_table(out.sampled / "val.parquet", FEATURES).X)
    assert sampled.facts["source_records"] == 1000


def test_a_direct_run_makes_what_is_stale_in_memory_and_leaves_the_files(
    written: tuple[Settings, Workspace], composed: Compose, tmp_path: Path
) -> None:
    _, out = written
    before = {path: path.stat().st_mtime_ns for path in out.root.rglob("*")}
    other = build(composed(*SMALL, "seed=1"))
    stale, fresh = (StageOutputs(other, made).sampled.by_name() for made in (out, Workspace(tmp_path)))
    for part in ("train", "val", "test"):
        np.testing.assert_array_equal(stale[part].row, fresh[part].row)
        np.testing.assert_array_equal(stale[part].X, fresh[part].X)
    assert not np.array_equal(stale["test"].row, read_table(out.sampled / "test.parquet", FEATURES).row)
    assert {path: path.stat().st_mtime_ns for path in out.root.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []


def test_each_draw_has_a_seed_of_its_own(written: tuple[Settings, Workspace], composed: Compose) -> None:
    """The seed of training changes no record, that of the split only the parts, that of the sample what is in them."""
    _, out = written

    def rows(*overrides: str) -> dict[str, list[int]]:
        parts = StageOutputs(
            build(composed(*SMALL, "task.classes.normal.count=10000", *overrides)), out
        ).sampled.by_name()
        return {part: parts[part].row.tolist() for part in ("train", "val", "test")}

    def drawn(parts: dict[str, list[int]]) -> list[int]:
        return sorted(row for part in parts.values() for row in part)

    plain = rows()
    assert rows("seeds.training=1") == plain
    split, sample = rows("seeds.split=1"), rows("seeds.sampling=1")
    assert split["test"] != plain["test"]
    assert drawn(split) == drawn(plain)
    assert drawn(sample) != drawn(plain)
    assert rows("seeds.sampling=1", "seeds.split=1") == rows("seed=1") == rows("seed=1", "seeds.training=0")


def test_in_a_dvc_stage_a_stale_table_is_an_error_unless_it_is_the_one_being_made(
    written: tuple[Settings, Workspace], composed: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out = written
    other = build(composed(*SMALL, "seed=1"))
    monkeypatch.setenv("DVC_STAGE", "sample")
    with pytest.raises(RuntimeError, match="dvc repro --force sample"):
        _ = StageOutputs(other, out).sampled
    assert len(StageOutputs(other, out, making="sample").sampled.by_name()) == 3


def test_a_stage_that_died_leaves_no_note(
    written: tuple[Settings, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, made = written
    out = Workspace(tmp_path)
    write_sampled(settings, out, made)
    assert current_facts(out.sampled, settings.config, "sample") is not None

    def fail(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(stages, "write_table", fail)
    with pytest.raises(OSError, match="no space left"):
        write_sampled(settings, out, made)
    assert current_facts(out.sampled, settings.config, "sample") is None


# --- a whole run -----------------------------------------------------------------------------------------------------

LSTM = ("model=lstm",)
FOREST = ("model=random_forest", "reducer=none")


@pytest.mark.parametrize(
    "change", ["tracking.log_model=false", "tracking.parent=x", "training.progress=false", "dataset.ordered=false"]
)
def test_a_value_that_changes_no_number_makes_no_other_run(change: str, composed: Compose) -> None:
    assert of_run(config(composed, change)) == of_run(config(composed))


@pytest.mark.parametrize(
    "change",
    [
        "k=3",
        "seed=1",
        "seeds.sampling=1",
        "seeds.split=1",
        "seeds.training=1",
        "dataset.copies=false",
        "scaling=log_minmax",
        "training.epochs=7",
        "training.class_balance=0.5",
        "training.type_balance=0.5",
        "training.noise=0.1",
        "model.standardize=false",
        "model.units=3",
        "dataset=kdd99",
        "split=grouped",
        "decision.calibrate=true",
        "evaluation.bootstrap=9",
    ],
)
def test_every_other_value_makes_another_run(change: str, composed: Compose) -> None:
    assert of_run(config(composed, change))["config"] != of_run(config(composed))["config"]


def test_runs_from_before_there_were_seeds_of_single_draws_stay_the_same(composed: Compose) -> None:
    for seed in (0, 3):
        present = config(composed, f"seed={seed}")
        before = {key: value for key, value in present.items() if key != "seeds"}
        assert config_digest(present) == config_digest(before)
        assert "seeds" not in of_stage(present, "sample")["config"]
    one = config(composed, "seed=1", "seeds.sampling=0", "seeds.split=0", "seeds.training=0")
    assert config_digest(one) != config_digest(config(composed))


def words(path: Path) -> None:
    """Change comments, a docstring and the layout of a file."""
    text = path.read_text()
    path.write_text(
        text.replace('"""', '"""Other words. ', 1).replace("\n\n\n", "\n\n\n\n# a comment\n") + "\n# more\n"
    )


def another_model(code: Path) -> None:
    (code / "models" / "another.py").write_text("x = 1\n")


def another_model_in_the_same_file(code: Path) -> None:
    with (code / "models" / "classical" / "classifier.py").open("a") as file:
        file.write("\n\nclass Stump(Classical):\n    def make_estimator(self, seed):\n        return None\n")
    change(
        code / "models" / "classical" / "classifier.py", "TRUSTED = [\n", 'TRUSTED = [\n    "src.models.stump.Stump",\n'
    )


def another_reducer(code: Path) -> None:
    """Add a reducer as CONTRIBUTING says: an estimator, and its name in the list of trusted classes."""
    with (code / "features" / "selection.py").open("a") as file:
        file.write("\n\nclass Variance(Ranking):\n    def _scores(self, X, y):\n        return X.var(axis=0)\n")


def another_picture(code: Path) -> None:
    change(code / "evaluation" / "plots.py", "fontsize=10, wrap=True", "fontsize=11, wrap=True")


def another_dataset(code: Path) -> None:
    change(code / "data" / "simulator.py", "CHUNK_RECORDS: Final = 50_000", "CHUNK_RECORDS: Final = 60_000")


def words_everywhere(code: Path) -> None:
    for path in code.rglob("*.py"):
        words(path)


def other_tracking(code: Path) -> None:
    change(code / "tracking" / "store.py", "PORT = 5000", "PORT = 5001")


@pytest.mark.integration
@pytest.mark.parametrize(
    "unrelated",
    [another_model, another_model_in_the_same_file, another_reducer, another_picture, another_dataset,
     words_everywhere, other_tracking],
)  # fmt: skip
def test_an_unrelated_change_outdates_nothing(unrelated: Callable[[Path], None], code: Path, composed: Compose) -> None:
    wanted = [config(composed, *one) for one in (LSTM, FOREST, ("reducer=mi",), ("reducer=anova", "model=knn"))]

    def fingerprints() -> list[object]:
        return [(of_run(one), [of_stage(one, stage) for stage in fingerprint.STAGES]) for one in wanted]

    before = fingerprints()
    unrelated(code)
    assert fingerprints() == before


@pytest.mark.integration
@pytest.mark.parametrize(
    ("file", "old", "new", "outdated"),
    [
        (
            "models/networks/layers.py",
            "self._amplitudes * wave(angle)",
            "2 * self._amplitudes * wave(angle)",
            (True, False),
        ),
        ("models/dedup.py", "rows = -(-count // most)", "rows = count // most + 1", (True, False)),
        ("models/classical/classifier.py", "SCORED = 16_384", "SCORED = 8_192", (False, True)),
        ("models/classical/sklearn_models.py", '"random_state": seed', '"random_state": seed + 1', (False, True)),
        ("features/reducers.py", "self.k, svd_solver", "self.k, whiten=True, svd_solver", (True, False)),
        ("config/build.py", '_convert_="all"', '_convert_="none"', (True, True)),
        ("data/duplicates.py", "default_rng(53)", "default_rng(54)", (True, True)),
        ("detector/detector.py", "CHUNK = 1 << 17", "CHUNK = 1 << 16", (True, True)),
        ("detector/decision.py", "_LEAST = 1e-12", "_LEAST = 1e-13", (True, True)),
        (
            "evaluation/metrics.py",
            "probability.argmax(axis=1) == target",
            "probability.argmin(axis=1) == target",
            (True, True),
        ),
        (
            "evaluation/thresholds.py",
            "_LOWEST_TEMPERATURE, _HIGHEST_TEMPERATURE = 0.05, 20.0",
            "_LOWEST_TEMPERATURE, _HIGHEST_TEMPERATURE = 0.1, 20.0",
            (True, True),
        ),
        ("evaluation/intervals.py", "[2.5, 97.5]", "[5, 95]", (True, True)),
    ],
)
def test_changed_code_outdates_the_runs_that_depend_on_it_and_no_others(
    file: str, old: str, new: str, outdated: tuple[bool, bool], code: Path, composed: Compose
) -> None:
    both = [config(composed, *overrides) for overrides in (LSTM, FOREST)]
    before = [of_run(one)["code"] for one in both]
    change(code / file, old, new)
    assert tuple(of_run(one)["code"] != code for one, code in zip(both, before, strict=True)) == outdated


def test_the_version_of_a_library_is_read_once_for_all_runs(composed: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports and grids take the fingerprints of hundreds of runs."""
    first, second = (config(composed, *LSTM, f"seed={seed}") for seed in (0, 1))
    code = of_run(first)["code"]
    monkeypatch.setattr(metadata, "distribution", lambda name: pytest.fail(f"{name}: read again"))
    assert of_run(second)["code"] == code


def test_another_version_of_a_library_outdates_the_runs_that_import_it(
    composed: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = fingerprint.version
    both = [config(composed, *overrides) for overrides in (LSTM, FOREST)]
    before = [of_run(one)["code"] for one in both]
    for name, outdated in (("keras", [True, False]), ("tensorflow", [True, False]), ("scikit-learn", [True, True])):
        with monkeypatch.context() as other:
            other.setattr(fingerprint, "version", lambda one, name=name: "0" if one.startswith(name) else version(one))
            assert [of_run(one)["code"] != code for one, code in zip(both, before, strict=True)] == outdated, name
