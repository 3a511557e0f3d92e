"""Outputs of the stages: published tests in file order, apart from training and validation; files as made in memory."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.config.settings import Settings
from src.data.duplicates import overlap, vector_ids
from src.data.sources import MIRROR_VARIABLE
from src.data.tables import LabeledTable, Table, read_table
from src.pipeline.stage_data import Facts, SampledParts, plan_sample
from src.pipeline.stage_outputs import StageOutputs
from src.pipeline.stages import write_preprocessed, write_raw, write_reduced, write_sampled
from src.utils.paths import Workspace
from tests.kdd import CATEGORIES, FEATURES, LABELS, preprocess_in_memory, simulate

Compose = Callable[..., DictConfig]
# 20,000 records are enough for every class of `five`
SIMULATED = ("dataset=simulated", "dataset.records=20000", "dataset.test_records=1000")
# the sizes of the made-up files, without the pinned digests of the real ones
NSL_KDD = (
    *("dataset=nsl_kdd", "dataset.train.git_blob=null", "dataset.train.records=20000"),
    *("dataset.test.sha256=null", "dataset.test.records=1000"),
    *("dataset.further_tests.test_21.sha256=null", "dataset.further_tests.test_21.records=300"),
    *("dataset.train.size=null", "dataset.test.size=null", "dataset.further_tests.test_21.size=null"),
)
TESTS = {SIMULATED: ["test"], NSL_KDD: ["test", "test_21"]}
datasets = pytest.mark.parametrize("dataset", [SIMULATED, NSL_KDD], ids=["simulated", "nsl_kdd"])


def nsl_text(part: str, records: int) -> bytes:
    """Simulated records in NSL-KDD's format, without a final line end."""
    lines = b"".join(simulate("train" if part == "train" else "test", records, 7)).splitlines()
    return b"\n".join(line.removesuffix(b".") + b",%d" % (place % 22) for place, line in enumerate(lines))


@pytest.fixture(scope="module")
def nsl_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mirror with made-up files."""
    folder = tmp_path_factory.mktemp("mirror") / "nsl-kdd"
    folder.mkdir()
    test = nsl_text("test", 1000)
    (folder / "KDDTrain+.txt").write_bytes(nsl_text("train", 20_000) + b"\n")
    (folder / "KDDTest+.txt").write_bytes(test)
    (folder / "KDDTest-21.txt").write_bytes(b"\n".join(test.split(b"\n")[-300:]))
    return folder.parent


@pytest.fixture(autouse=True)
def _use_nsl_mirror(nsl_mirror: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.node.get_closest_marker("real_data"):
        monkeypatch.setenv(MIRROR_VARIABLE, str(nsl_mirror))


def vectors(table: Table) -> list[tuple[float, ...]]:
    return [*map(tuple, table.X.tolist())]


def tables_of(sampled: SampledParts) -> tuple[dict[str, LabeledTable], Facts]:
    return sampled.by_name(), sampled.facts


def assert_same(one: dict[str, LabeledTable], other: dict[str, LabeledTable]) -> None:
    assert [*one] == [*other]
    for part, table in one.items():
        np.testing.assert_array_equal(table.X, other[part].X)
        np.testing.assert_array_equal(table.row, other[part].row)
        np.testing.assert_array_equal(table.target, other[part].target)


@datasets
def test_the_published_tests_are_whole_and_in_file_order(
    dataset: tuple[str, ...], composed: Compose, tmp_path: Path
) -> None:
    settings = build(composed(*dataset, "split=official"))
    outputs = StageOutputs(settings, Workspace(tmp_path / "made"))
    tables, facts = tables_of(outputs.sampled)
    assert [*tables] == ["train", "val", *TESTS[dataset]]
    for part in TESTS[dataset]:
        raw, _ = outputs.raw_file(part, tmp_path / "raw")
        file, _ = preprocess_in_memory(raw, schema=settings.dataset.schema)
        np.testing.assert_array_equal(tables[part].X, file.X)
        assert tables[part].row.tolist() == list(range(1, len(file) + 1))
        attack = np.array(file.attacks)[file.attack]
        assert tables[part].target.tolist() == (attack != "normal").astype(int).tolist()
        training = set(vectors(tables["train"]))
        seen = sum(one in training for one in vectors(file))
        assert facts[f"{part}_share_seen_in_training"] == pytest.approx(seen / len(file))
        assert facts["records"][part] == facts["official_tests"][part]["source_records"] == len(file)
        assert facts["official_tests"][part]["quarantined"] == 0
        assert facts["distinct_vectors"][part] == len(set(vectors(file)))


@datasets
@pytest.mark.parametrize("task", ["binary", "multiclass", "multiclass_smurf", "five"])
def test_training_and_validation_are_each_record_of_the_training_file_once_and_share_no_vector(
    dataset: tuple[str, ...], task: str, composed: Compose, tmp_path: Path
) -> None:
    settings = build(composed(*dataset, f"task={task}", "split=official"))
    tables, facts = tables_of(StageOutputs(settings, Workspace(tmp_path)).sampled)
    n = facts["source_records"]
    assert n == 20_000
    assert sorted([*tables["train"].row, *tables["val"].row]) == list(range(1, n + 1))
    assert not set(vectors(tables["train"])) & set(vectors(tables["val"]))
    assert len(tables["train"]) / n == pytest.approx(0.8, abs=0.02)
    assert [*facts["classes"]] == [*settings.task.class_names]
    assert sum(found["drawn"] for found in facts["classes"].values()) == n
    assert {found["drawn_again"] for found in facts["classes"].values()} == {0}


def test_distinct_removes_duplicates_from_the_training_part_alone(composed: Compose, tmp_path: Path) -> None:
    choice = (*SIMULATED, "task=multiclass", "split=official")
    whole = StageOutputs(build(composed(*choice)), Workspace(tmp_path)).sampled.by_name()
    tables, facts = tables_of(
        StageOutputs(build(composed(*choice, "split.distinct=true")), Workspace(tmp_path)).sampled
    )
    kinds = {(*one, target) for one, target in zip(vectors(whole["train"]), whole["train"].target, strict=True)}
    assert facts["records"]["train"] == len(kinds) < len(whole["train"])
    assert set(tables["train"].row) < set(whole["train"].row)
    assert_same({part: tables[part] for part in ("val", "test")}, {part: whole[part] for part in ("val", "test")})


@pytest.mark.parametrize("split", ["random", "grouped"])
def test_other_splits_have_no_published_test(split: str, composed: Compose, tmp_path: Path) -> None:
    tables, facts = tables_of(StageOutputs(build(composed(*NSL_KDD, f"split={split}")), Workspace(tmp_path)).sampled)
    assert [*tables] == [*facts["records"]] == ["train", "val", "test"]
    assert [name for name in facts if name.endswith("_share_seen_in_training")] == ["test_share_seen_in_training"]
    assert facts["official_tests"] == {}


def test_records_that_leave_a_part_empty_are_refused(composed: Compose, tmp_path: Path) -> None:
    settings = build(composed(*SIMULATED, "split=grouped", "dataset.copies=false"))
    file = StageOutputs(settings, Workspace(tmp_path)).training_file
    labels = np.array(file.table.attacks)[file.table.attack]
    rows = np.array([np.flatnonzero(labels == "normal")[0], np.flatnonzero(labels != "normal")[0]])
    two = replace(file, table=file.table.take(rows))
    with pytest.raises(ValueError, match=r"dataset=simulated: found .* records with 2 different .* to the part 'val'"):
        plan_sample(settings, two, {})


@pytest.fixture
def written(composed: Compose, tmp_path: Path) -> tuple[Settings, Workspace]:
    """Outputs of the first four stages for NSL-KDD with its published tests."""
    settings, out = build(composed(*NSL_KDD, "split=official", "reducer=none")), Workspace(tmp_path / "out")
    write_raw(settings, out)
    (out.raw("nsl_kdd") / ".KDDTrain+.txt.a1b2c3.part").touch()  # of a download that was killed
    write_raw(settings, out)
    write_preprocessed(settings, out, out)
    write_sampled(settings, out, out)
    write_reduced(StageOutputs(settings, out, making="reduce"), settings, out)
    return settings, out


def test_every_stage_leaves_a_file_for_each_part(written: tuple[Settings, Workspace]) -> None:
    _, out = written
    names = {
        folder: sorted(path.name for path in folder.iterdir())
        for folder in (out.raw("nsl_kdd"), out.preprocessed("nsl_kdd"), out.sampled, out.reduced)
    }
    assert [*names.values()] == [
        ["KDDTest+.txt", "KDDTest-21.txt", "KDDTrain+.txt"],
        ["schema.json", "test.parquet", "test_21.parquet", "train.parquet"],
        ["schema.json", "test.parquet", "test_21.parquet", "train.parquet", "val.parquet"],
        ["preparation.skops", "schema.json", "test.npz", "train.npz", "val.npz"],
    ]


def test_written_files_equal_what_is_made_in_memory(written: tuple[Settings, Workspace], tmp_path: Path) -> None:
    settings, out = written
    read, made = StageOutputs(settings, out), StageOutputs(settings, Workspace(tmp_path / "empty"))
    assert_same(read.sampled.by_name(), made.sampled.by_name())
    assert read.sampled.facts == made.sampled.facts == read.reduced.sample_facts
    assert len(read_table(out.preprocessed("nsl_kdd") / "test_21.parquet", FEATURES)) == 300
    for name, part in read.reduced.by_name().items():
        np.testing.assert_array_equal(part.X, made.reduced.by_name()[name].X)
        np.testing.assert_array_equal(part.y, made.sampled.by_name()[name].target)


def test_outputs_for_another_seed_reuse_the_encoded_tests(composed: Compose, tmp_path: Path) -> None:
    outputs = StageOutputs(build(composed(*NSL_KDD, "split=official")), Workspace(tmp_path))
    before = outputs.sampled.by_name()
    other = outputs.for_config(build(composed(*NSL_KDD, "split=official", "seed=1")))
    assert other.official_tests is outputs.official_tests
    after = other.sampled.by_name()
    assert_same({part: after[part] for part in TESTS[NSL_KDD]}, {part: before[part] for part in TESTS[NSL_KDD]})
    assert after["train"].row.tolist() != before["train"].row.tolist()


# On the real data


@pytest.mark.real_data
def test_the_official_test_of_kdd99_has_the_contests_totals(mirror: Path, composed: Compose, tmp_path: Path) -> None:
    settings = build(composed("dataset=kdd99_10pct", "task=five", "split=official"))
    tables, facts = tables_of(StageOutputs(settings, Workspace(tmp_path)).sampled)
    test = tables["test"]
    assert np.bincount(test.target).tolist() == [60_593, 4_166, 229_853, 228, 16_189]
    assert test.row.tolist() == list(range(1, 311_030))
    found = set(np.array(test.attacks)[np.unique(test.attack)])
    assert len(found) == 38  # 37 types and normal; spy and warezclient are only in training
    assert set(LABELS) - found == {"spy", "warezclient"}
    assert found - {"normal"} <= {attack for attacks in CATEGORIES.values() for attack in attacks}
    assert facts["records"]["train"] + facts["records"]["val"] == facts["source_records"] == 494_021
    assert facts["distinct_vectors"]["test"] <= 77_291
    ids = {part: vector_ids(table.X) for part, table in tables.items()}
    # of the whole training file; the share of the training part is less
    assert overlap(np.concatenate([ids["train"], ids["val"]]), ids["test"]) == pytest.approx(0.582, abs=0.0005)
    assert facts["test_share_seen_in_training"] == overlap(ids["train"], ids["test"]) < 0.582
    assert facts["official_tests"]["test"]["unknown_values"] == {"service": {"icmp": 2}}


@pytest.mark.real_data
@pytest.mark.parametrize("dataset", ["nsl_kdd", "nsl_kdd_20pct"])
@pytest.mark.usefixtures("nsl_kdd_mirror")
def test_the_files_of_nsl_kdd_are_read_whole(dataset: str, composed: Compose, tmp_path: Path) -> None:
    settings = build(composed(f"dataset={dataset}", "task=five", "split=official"))
    tables, facts = tables_of(StageOutputs(settings, Workspace(tmp_path)).sampled)
    assert facts["source_records"] == {"nsl_kdd": 125_973, "nsl_kdd_20pct": 25_192}[dataset]
    assert {part: len(tables[part]) for part in ("test", "test_21")} == {"test": 22_544, "test_21": 11_850}
    assert set(vectors(tables["test_21"])) <= set(vectors(tables["test"]))


@pytest.mark.real_data
@pytest.mark.usefixtures("nsl_kdd_mirror")
def test_the_default_split_of_nsl_kdd_does_not_test_on_training_records(composed: Compose, tmp_path: Path) -> None:
    """Counts of KDD99 drew each record up to nine times before the split; 99.7 % of the test were in training."""
    settings = build(composed("dataset=nsl_kdd_20pct"))
    _, facts = tables_of(StageOutputs(settings, Workspace(tmp_path)).sampled)
    assert {name: one["drawn_again"] for name, one in facts["classes"].items()} == {"normal": 0, "attack": 0}
    assert sum(facts["records"].values()) == 25_192
    assert facts["test_share_seen_in_training"] < 0.01
