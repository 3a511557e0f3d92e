"""The detector: raw records in, verdicts out, the same after it was kept; and what is not a detector."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from omegaconf import DictConfig

from src import predict
from src.config.build import build
from src.data.history import History, with_history
from src.data.layout import Windows
from src.detector import detector as detector_module
from src.detector import file_scoring
from src.detector.arrival import IN_FILE, WAYS, by_arrival
from src.detector.card import Card, previous_records
from src.detector.decision import Decision
from src.detector.detector import Detector
from src.detector.file_scoring import score_file
from src.features.reduction import fit_preparation, prepare
from src.pipeline.experiment import train
from src.pipeline.stage_outputs import StageOutputs
from src.utils.paths import Workspace
from tests.kdd import COLUMNS, KDD, encode, read_blocks, simulate

MODELS = {
    "lstm": ("model.layers=1", "model.units=4", "training.epochs=1", "training.jit_compile=false"),
    "decision_tree": (),
    "random_forest": ("model.n_estimators=5",),
}


@pytest.fixture(scope="module")
def records() -> pa.Table:
    """500 raw simulated records of the test file."""
    text = b"".join(simulate("test", 500, seed=1))
    (block,) = read_blocks(BytesIO(text), "simulated")
    return block.columns


@pytest.fixture(scope="module", params=MODELS)
def detector(request: pytest.FixtureRequest, composed: Callable[..., DictConfig]) -> Detector:
    """A detector of each model, fitted on 1,000 simulated records."""
    settings = build(
        composed(
            "dataset=simulated", "dataset.records=1000", "training.progress=false", f"model={request.param}",
            *MODELS[request.param],
        )
    )  # fmt: skip
    return train(settings, StageOutputs(settings, Workspace(Path("/nowhere")))).detector


def test_raw_records_get_the_same_verdicts_before_and_after_keeping(
    detector: Detector, records: pa.Table, tmp_path: Path
) -> None:
    detector.save(tmp_path / "detector")
    again = Detector.load(tmp_path / "detector")
    probability = detector.predict_proba(records)
    assert probability.shape == (500, 2)
    assert probability.dtype == np.float32
    np.testing.assert_array_equal(again.predict_proba(records), probability)
    assert again.card == detector.card


def test_encoded_and_raw_records_get_the_same_verdicts(detector: Detector, records: pa.Table) -> None:
    np.testing.assert_array_equal(detector.score(encode(records)[0]), detector.predict_proba(records))


def test_the_order_of_columns_and_other_columns_do_not_matter(detector: Detector, records: pa.Table) -> None:
    shuffled = records.select(list(COLUMNS)[::-1]).append_column("comment", pa.array(["x"] * 500))
    np.testing.assert_array_equal(detector.predict_proba(shuffled), detector.predict_proba(records))


def test_no_record_gives_no_verdict(detector: Detector, records: pa.Table) -> None:
    assert detector.predict_proba(records.slice(0, 0)).shape == (0, 2)


def test_verdicts_do_not_depend_on_how_many_records_are_prepared_at_once(
    detector: Detector, records: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = detector.predict_proba(records)
    monkeypatch.setattr(detector_module, "CHUNK", 7)
    np.testing.assert_allclose(detector.predict_proba(records), whole, atol=1e-6)


@pytest.mark.parametrize("shape", [(53,), (2, 52), (2, 54), (2, 53, 1)])
def test_an_array_of_another_shape_is_named(detector: Detector, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"found an array of shape .*, expected \(n, 53\) encoded features"):
        detector.score(np.zeros(shape, dtype=np.float32))


def test_a_kept_detector_replaces_the_one_before_it_whole(detector: Detector, tmp_path: Path) -> None:
    folder = tmp_path / "detector"
    (folder / "model").mkdir(parents=True)
    for left_over in ("old.txt", "detector.json", "model/old.skops"):
        (folder / left_over).write_text("old")
    detector.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["detector.json", "model", "preparation.skops"]
    assert "old.skops" not in [path.name for path in (folder / "model").iterdir()]
    assert [path.name for path in tmp_path.iterdir()] == ["detector"]
    assert Detector.load(folder).card == detector.card


def test_a_detector_that_cannot_be_kept_leaves_the_one_before_it(
    detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector.save(tmp_path / "detector")
    before = (tmp_path / "detector" / "detector.json").read_bytes()

    def fail(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(detector_module, "write_card", fail)
    with pytest.raises(OSError, match="no space left"):
        detector.save(tmp_path / "detector")
    assert (tmp_path / "detector" / "detector.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["detector"]


def test_the_card_tells_where_a_detector_comes_from(detector: Detector, tmp_path: Path) -> None:
    detector.save(tmp_path / "detector")
    card = json.loads((tmp_path / "detector" / "detector.json").read_text())
    files = {path for path in (tmp_path / "detector").rglob("*.*") if path.name != "detector.json"}
    digests = {path.relative_to(tmp_path / "detector").as_posix(): sha256(path.read_bytes()) for path in files}
    found = card.pop("sha256")
    assert len(found.pop("detector.json")) == 64
    assert found == {name: digest.hexdigest() for name, digest in digests.items()}
    assert card == {
        "format": 4,
        "class_names": ["normal", "attack"],
        "dataset": "simulated",
        "simulated": True,
        "task": "binary",
        "split": "random",
        "reducer": "pca",
        "k": 2,
        "model": detector.card.model,
        "seed": 0,
        "schema": KDD.as_dict(),
        "scaling": "minmax",
        "layout": "record",
        "window": 1,
        "history": [],
        "decision": {"temperature": 1.0, "threshold": None, "cost": None, "attack_prior_odds": 1.0},
    }


def test_no_file_of_a_detector_is_a_pickle(detector: Detector, tmp_path: Path) -> None:
    detector.save(tmp_path)
    for path in tmp_path.rglob("*.*"):
        assert path.suffix in (".json", ".skops", ".keras")
        assert path.read_bytes()[:2] in (b"{\n", b"PK")


def test_a_detector_keeps_its_decision_and_its_probabilities_are_calibrated_by_it(
    detector: Detector, records: pa.Table, tmp_path: Path
) -> None:
    decision = Decision(2.5, 0.3, ((0, 1), (4, 0)))
    deciding = Detector(detector.preparation, detector.classifier, detector.card, decision)
    deciding.save(tmp_path / "detector")
    again = Detector.load(tmp_path / "detector")
    assert again.decision == decision
    X = encode(records)[0]
    probability = again.score(X)
    np.testing.assert_array_equal(again.uncalibrated(X), detector.score(X))
    np.testing.assert_array_equal(probability, decision.calibrated(detector.score(X)))
    np.testing.assert_array_equal(again.verdict(probability), (1 - probability[:, 0].astype(float) >= 0.3).astype(int))


# --- windows ---------------------------------------------------------------------------------------------------------

WINDOW = 4
chunks = pytest.mark.parametrize("chunk", range(1, WINDOW + 3))


@pytest.fixture(scope="module")
def windowed(composed: Callable[..., DictConfig], records: pa.Table) -> Detector:
    """A detector that reads windows of four records: an LSTM after one epoch on the first hundred."""
    smooth = "model.fourier.highest=10"  # high ones tell the rounding of one record's components from a block's
    settings = build(composed("dataset=simulated", "training.progress=false", smooth, *MODELS["lstm"]))
    X, y = encode(records)[0][:100], np.arange(100, dtype=np.int32) % 2
    preparation, _ = fit_preparation(settings.reducer, X, y)
    windows = Windows(prepare(preparation, X), np.arange(100), WINDOW)
    fitted = settings.model.fit(windows, y, windows, y, n_classes=2, training=settings.training, seed=0)
    names = {"dataset": "simulated", "task": "binary", "split": "official", "reducer": "pca", "model": "lstm"}
    card = Card(("normal", "attack"), **names, schema=KDD, simulated=True, k=2, seed=0, layout="window", window=WINDOW)
    return Detector(preparation, fitted.classifier, card)


@pytest.fixture(scope="module")
def one_by_one(windowed: Detector, records: pa.Table) -> np.ndarray:
    """The score of each of the first 60 records, its window gathered in a double loop."""
    rows = prepare(windowed.preparation, encode(records)[0][:60])
    windows = [[rows[max(0, newest - back)] for back in range(WINDOW)[::-1]] for newest in range(60)]
    odds = np.exp(windowed.classifier._network.predict_on_batch(np.array(windows))[:, 0])  # type: ignore[attr-defined]
    return odds / odds.sum(axis=1, keepdims=True)


@chunks
def test_windows_go_on_across_the_chunks_that_are_prepared_at_once(
    chunk: int, windowed: Detector, records: pa.Table, one_by_one: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_module, "CHUNK", chunk)
    np.testing.assert_allclose(windowed.score(encode(records)[0][:60]), one_by_one, atol=1e-6)


@chunks
def test_windows_go_on_across_the_blocks_of_a_file(
    chunk: int, windowed: Detector, records: pa.Table, one_by_one: np.ndarray
) -> None:
    stream = windowed.stream()
    blocks = [stream.predict_proba(records.slice(start, chunk)) for start in range(0, 60, chunk)]
    np.testing.assert_allclose(np.concatenate(blocks)[:60], one_by_one, atol=1e-6)


def test_blocks_of_any_sizes_also_without_records_are_one_file(
    windowed: Detector, records: pa.Table, one_by_one: np.ndarray
) -> None:
    stream, found, start = windowed.stream(), [], 0
    for size in (0, 1, 0, 2, 30, 0, 3, 24):
        found.append(stream.predict_proba(records.slice(start, size)))
        start += size
    np.testing.assert_allclose(np.concatenate(found), one_by_one, atol=1e-6)


def test_each_call_is_a_file_of_its_own(windowed: Detector, records: pa.Table, one_by_one: np.ndarray) -> None:
    for _ in range(2):
        np.testing.assert_allclose(windowed.predict_proba(records.slice(0, 60)), one_by_one, atol=1e-6)
    later = windowed.predict_proba(records.slice(10, 50))
    assert not np.allclose(later[0], one_by_one[10], atol=1e-6)  # what came before it is not known
    np.testing.assert_allclose(later[WINDOW - 1 :], one_by_one[10 + WINDOW - 1 :], atol=1e-6)


def test_records_alone_are_scored_alone_in_a_stream_too(detector: Detector, records: pa.Table) -> None:
    stream = detector.stream()
    blocks = [stream.predict_proba(records.slice(start, 7)) for start in range(0, 500, 7)]
    np.testing.assert_allclose(np.concatenate(blocks), detector.predict_proba(records), atol=1e-6)


def test_a_kept_detector_knows_its_windows(windowed: Detector, records: pa.Table, tmp_path: Path) -> None:
    windowed.save(tmp_path / "detector")
    again = Detector.load(tmp_path / "detector")
    assert (again.card.layout, again.card.window) == ("window", WINDOW)
    np.testing.assert_array_equal(again.predict_proba(records), windowed.predict_proba(records))


# --- the history ------------------------------------------------------------------------------------------------------

LENGTHS = (3, 20)


@pytest.fixture(scope="module")
def reads_history(composed: Callable[..., DictConfig], records: pa.Table) -> Detector:
    """A random forest on all features and the history of the first hundred records."""
    settings = build(composed("dataset=simulated", "model=random_forest", "model.n_estimators=5", "reducer=none"))
    X, y = encode(records)[0][:100], np.arange(100, dtype=np.int32) % 2
    preparation, _ = fit_preparation(settings.reducer, X, y)
    read = with_history(prepare(preparation, X), History(LENGTHS, KDD)(X))
    fitted = settings.model.fit(read, y, read, y, n_classes=2, training=settings.training, seed=0)
    names = {"dataset": "simulated", "task": "binary", "split": "official", "reducer": "none", "model": "random_forest"}
    card = Card(
        ("normal", "attack"), **names, schema=KDD, simulated=True, k=53, seed=0, layout="history", history=LENGTHS
    )
    return Detector(preparation, fitted.classifier, card)


@pytest.fixture(scope="module")
def with_their_history(reads_history: Detector, records: pa.Table) -> np.ndarray:
    """The score of each record, all read at once."""
    X = encode(records)[0]
    return reads_history.classifier.predict_proba(
        with_history(prepare(reads_history.preparation, X), History(LENGTHS, KDD)(X))
    )


@pytest.mark.parametrize("chunk", [*(pytest.param(one, marks=pytest.mark.integration) for one in (1, 7)), 64, 499])
def test_the_past_goes_on_across_chunks_and_blocks(
    chunk: int,
    reads_history: Detector,
    records: pa.Table,
    with_their_history: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = reads_history.stream()
    blocks = [stream.predict_proba(records.slice(start, chunk)) for start in range(0, 500, chunk)]
    np.testing.assert_array_equal(np.concatenate(blocks), with_their_history)
    monkeypatch.setattr(detector_module, "CHUNK", chunk)
    np.testing.assert_array_equal(reads_history.score(encode(records)[0]), with_their_history)


def test_each_call_begins_without_a_past(
    reads_history: Detector, records: pa.Table, with_their_history: np.ndarray
) -> None:
    for _ in range(2):
        np.testing.assert_array_equal(reads_history.predict_proba(records), with_their_history)
    later = reads_history.predict_proba(records.slice(100))
    assert not np.array_equal(later[:20], with_their_history[100:120])
    np.testing.assert_array_equal(later[max(LENGTHS) :], with_their_history[100 + max(LENGTHS) :])


def test_a_kept_detector_knows_its_past(
    reads_history: Detector, records: pa.Table, with_their_history: np.ndarray, tmp_path: Path
) -> None:
    reads_history.save(tmp_path / "detector")
    again = Detector.load(tmp_path / "detector")
    assert again.card == reads_history.card
    np.testing.assert_array_equal(again.predict_proba(records), with_their_history)


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block_bytes", [1, 400, 1 << 20])
def test_a_file_is_scored_as_one_whatever_blocks_it_is_read_in(
    block_bytes: int, windowed: Detector, records: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b"".join(simulate("test", 500, seed=1)).splitlines(keepends=True)
    path, out = tmp_path / "records.csv", BytesIO()
    path.write_bytes(b"".join([*text[:30], b"no record\n", *text[30:60]]))
    monkeypatch.setattr(file_scoring, "read_blocks", partial(read_blocks, block_bytes=block_bytes))
    scored = score_file(windowed, path, out, "quarantine")
    assert (scored.records, scored.left_out) == (60, 1)
    verdicts = pd.read_csv(BytesIO(out.getvalue()))
    expected = windowed.predict_proba(records.slice(0, 60))
    np.testing.assert_allclose(verdicts["probability_attack"], expected[:, 1], atol=1e-6)
    assert verdicts["line"].tolist() == [line for line in range(1, 62) if line != 31]


def test_a_file_shorter_than_the_history_is_noted(windowed: Detector, detector: Detector, tmp_path: Path) -> None:
    text = b"".join(simulate("test", 20, seed=1)).splitlines(keepends=True)
    path = tmp_path / "records.csv"
    notes = []
    for count, one in ((WINDOW - 1, windowed), (WINDOW, windowed), (1, detector)):
        path.write_bytes(b"".join(text[:count]))
        notes.append(score_file(one, path, BytesIO(), "stop").lines("records.csv"))
    assert notes[0] == [
        "records.csv: found 3 records, expected more than 3: this detector reads the records before one, and judges "
        "the first records of a file without; give it whole files, in order"
    ]
    assert notes[1:] == [[], []]


# --- ways of arrival -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_size", [1, 7, 100])
@pytest.mark.parametrize("name", ["windowed", "reads_history"])
def test_requests_are_scored_as_files_of_their_own(
    name: str, request_size: int, records: pa.Table, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    one: Detector = request.getfixturevalue(name)
    X = encode(records)[0][:30]
    expected = [one.uncalibrated(X[start : start + request_size]) for start in range(0, len(X), request_size)]
    for chunk in (1, 10, 1 << 17):
        monkeypatch.setattr("src.detector.detector.CHUNK", chunk)
        np.testing.assert_allclose(one.uncalibrated(X, request_size), np.concatenate(expected), atol=1e-5)


def test_records_that_arrive_in_another_order_are_scored_in_that_order(
    reads_history: Detector, records: pa.Table
) -> None:
    X = encode(records)[0][:50]
    found = dict(by_arrival(reads_history, X, seed=0))
    assert [IN_FILE, *found] == list(WAYS)
    np.testing.assert_array_equal(found["reversed"], reads_history.uncalibrated(X[::-1])[::-1])
    np.testing.assert_array_equal(found["requests"], reads_history.uncalibrated(X))  # one request of fifty
    order = [5 * part + record for record in range(5) for part in range(10)]
    np.testing.assert_array_equal(found["mixed"][order], reads_history.uncalibrated(X[order]))
    assert previous_records(reads_history.card) == max(LENGTHS)


# --- numbers that are not finite -------------------------------------------------------------------------------------


class Damaged:
    """Classifier whose last probabilities are no probabilities."""

    def __init__(self, last: tuple[float, float]):
        self.last = last

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.array([(0.75, 0.25)] * (len(X) - 1) + [self.last], dtype=np.float32)

    def check(self, X: np.ndarray, n_classes: int) -> None:
        """Say nothing, as a model does whose damage only some records show."""

    def save(self, folder: Path) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("last", [(np.nan, np.nan), (np.inf, 0), (0, 0), (2, -1), (1.5, 0)])
def test_probabilities_that_are_none_are_no_verdict(
    last: tuple[float, float], detector: Detector, records: pa.Table, tmp_path: Path
) -> None:
    damaged = Detector(detector.preparation, Damaged(last), detector.card)
    with pytest.raises(ValueError, match=r"record 500: found the class probabilities .*, expected finite numbers"):
        damaged.predict_proba(records)
    damaged.predict_proba(records.slice(0, 0))


def test_a_card_that_does_not_fit_the_model_is_refused(detector: Detector, tmp_path: Path) -> None:
    for changes, message in (
        ({"k": 3}, r"preparation\.skops: found steps that make 2 values of a record, expected 3"),
        ({"class_names": ("normal", "dos", "probe")}, "model: found a (network|model) of 2 classes, expected 3"),
        ({"layout": "window", "window": 4}, "model: found a "),
        ({"layout": "history", "history": (3,)}, "model: found a "),
    ):
        if "window" in changes and detector.card.model != "lstm":
            continue  # classical models do not read windows
        other = Detector(detector.preparation, detector.classifier, replace(detector.card, **changes))
        other.save(tmp_path / "detector")
        with pytest.raises(ValueError, match=message):
            Detector.load(tmp_path / "detector")


# --- what is not a detector ------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_detector_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"{tmp_path}: found no detector.json, expected a folder that a detector"):
        Detector.load(tmp_path)
    with pytest.raises(ValueError, match=r"nowhere: found no detector\.json"):
        Detector.load(tmp_path / "nowhere")


@pytest.mark.parametrize("found", [0, 1, 2, 3, "4", None])
def test_another_format_is_refused(found: object, tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text(json.dumps({"format": found, "class_names": ["normal", "attack"]}))
    with pytest.raises(
        ValueError,
        match=rf"{tmp_path}/detector\.json: found format {found!r}, expected 4: another version .*; train it again",
    ):
        Detector.load(tmp_path)


@pytest.mark.parametrize(("model", "kept"), [("lstm", "network.keras"), ("random_forest", "estimator.skops")])
def test_a_detector_of_an_earlier_version_is_refused_before_its_model_is_read(
    model: str, kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Format 2 as it was kept before the modules and keys of this version had their names."""
    names = {"dataset": "simulated", "task": "binary", "split": "random", "reducer": "pca", "model": model}
    card = {
        "format": 2, "class_names": ["normal", "attack"], **names, "simulated": True, "k": 2, "seed": 0,
        "scaling": "minmax", "layout": "record", "window": 1, "past": [],
        "decision": {"temperature": 1.0, "threshold": None, "cost": None, "attack_odds": 1.0},
    }  # fmt: skip
    (tmp_path / "detector.json").write_text(json.dumps(card))
    (tmp_path / "model").mkdir()
    for name in ("preparation.skops", f"model/{kept}", "model/model.json"):
        (tmp_path / name).write_bytes(b"names classes of that version")
    message = f"{tmp_path / 'detector.json'}: found format 2, expected 4: another version of this project saved the "
    with pytest.raises(ValueError, match="train it again with this version") as error:
        Detector.load(tmp_path)
    assert str(error.value).startswith(message)
    (tmp_path / "records.csv").write_text("0,tcp\n")
    assert predict.main(["--model", str(tmp_path), str(tmp_path / "records.csv")]) == 1
    assert f"predict: {message}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        '{"format": 4, "class',
        "[]",
        "1",
        '{"format": 4, "classes": 2}',
        '{"format": 4, "decision": {"temperature": -1}}',
    ],
)
def test_a_card_that_is_not_one_of_ours_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text(text)
    with pytest.raises(ValueError, match=r"detector\.json: .*expected the card of a detector"):
        Detector.load(tmp_path)
