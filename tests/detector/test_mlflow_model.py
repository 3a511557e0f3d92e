"""The detector as MLflow serves it: away from the repository, without pickle, and with errors that name the value."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from omegaconf import DictConfig

from src.config.build import build
from src.config.settings import Settings
from src.detector.decision import Decision
from src.detector.detector import Detector
from src.detector.mlflow_model import ServedDetector
from src.pipeline.experiment import train
from src.pipeline.stage_outputs import StageOutputs
from src.tracking.logged_models import log_detector
from src.tracking.runs import tracked_run
from src.utils.paths import PROJECT, Workspace
from tests.kdd import COLUMNS, example_records

# What a stranger runs: no repository, no PYTHONPATH, only the packages and the logged models, in a program whose own
# package is `src`. The last two detectors are the first again: of other code, and as it was.
ELSEWHERE = """
import json, sys
import pandas as pd, mlflow
from src.service import load
models = [load(run) for run in sys.argv[2:]]
records = pd.read_parquet(sys.argv[1])
answers = [model.predict(records).to_dict("list") for model in models]
first = models[0]
numbers = list(records.select_dtypes("number"))
binary, words = ["land", "logged_in"], ["service", "flag"]
others = {
    "int64": {name: "int64" for name in numbers if not name.endswith("rate")}, "Int64": {"count": "Int64"},
    "bool": {name: "bool" for name in binary}, "category": {name: "category" for name in words + ["count"]},
    "object": dict.fromkeys(numbers, object), "str": dict.fromkeys(numbers, str),
}
plain = first.predict(records)
same = {name: first.predict(records.astype(kinds)).equals(plain) for name, kinds in others.items()}
same["shuffled"] = first.predict(records[list(records)[::-1]].assign(note="x")).equals(plain)
new = records.assign(service="https")
unknown = first.predict(new, params={"max_unknown": 1.0})["unknown_words"].tolist()
broken = records.copy()
broken.loc[1, "count"] = 3.5
errors = []
for table in (records.drop(columns="src_bytes"), broken, new, records.rename(columns=str.upper)):
    try:
        models[0].predict(table)
    except Exception as error:
        errors.append(str(error))
packages = {name.partition(".")[0]: module.__file__ for name, module in sys.modules.items() if "ids_" in name}
own = [name for name in sys.modules if name.partition(".")[0] == "src"]
print(json.dumps({"answers": answers, "errors": errors, "packages": packages, "own": own,
                  "same": same, "unknown": unknown}))
"""
SERVICE = """
import mlflow
def load(run): return mlflow.pyfunc.load_model(f"runs:/{run}/detector")
"""


@pytest.fixture(scope="module")
def settings(composed: Callable[..., DictConfig]) -> Settings:
    """A small LSTM on simulated records."""
    return build(
        composed(
            "dataset=simulated", "dataset.records=1000", "model.layers=1", "model.units=4", "training.epochs=1",
            "training.jit_compile=false", "training.progress=false",
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kept detector."""
    folder = tmp_path_factory.mktemp("kept") / "detector"
    train(settings, StageOutputs(settings, Workspace(Path("/nowhere")))).detector.save(folder)
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> ServedDetector:
    """The detector as MLflow would load it, in this process."""
    model = ServedDetector()
    model.load_context(SimpleNamespace(artifacts={"detector": str(folder)}))
    return model


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An MLflow store of this module alone."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        yield uri
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="module")
def clusters(composed: Callable[..., DictConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kept detector whose files name a reducer and a model of this project."""
    settings = build(composed("dataset=simulated", "dataset.records=1000", "model=kmeans", "reducer=mrmr"))
    folder = tmp_path_factory.mktemp("clusters") / "detector"
    train(settings, StageOutputs(settings, Workspace(Path("/nowhere")))).detector.save(folder)
    return folder


@pytest.fixture(scope="module")
def elsewhere(
    settings: Settings, folder: Path, clusters: Path, store: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Verdicts of three logged models in a new process outside the repository, and the modules that it loaded."""
    changed = tmp_path_factory.mktemp("changed")
    shutil.copytree(PROJECT / "src", changed / "src", ignore=shutil.ignore_patterns("__pycache__"))
    layers = changed / "src" / "models" / "networks" / "layers.py"
    code = layers.read_text(encoding="utf-8")
    returned = "return keras.ops.concatenate([inputs, *waves], axis=-1)"
    assert returned in code
    layers.write_text(
        code.replace(returned, returned.replace("[inputs, *waves]", "[0 * one for one in (inputs, *waves)]")),
        encoding="utf-8",
    )
    runs = []
    for detector, root in ((folder, PROJECT), (clusters, PROJECT), (folder, changed)):
        with tracked_run(settings) as run:
            log_detector(mlflow, detector, settings.task.class_names, root)
            runs.append(run.id)
    outside = tmp_path_factory.mktemp("outside")
    (outside / "src").mkdir()
    (outside / "src" / "__init__.py").touch()
    (outside / "src" / "service.py").write_text(SERVICE, encoding="utf-8")
    example_records().to_parquet(outside / "records.parquet")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"MLFLOW_TRACKING_URI": store, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
    result = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(outside / "records.parquet"), *runs, runs[0]],
        cwd=outside, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    answers: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return answers


def verdicts(folder: Path) -> tuple[list[str], np.ndarray]:
    """Verdicts on the example records, and probabilities, of a detector with this code."""
    records = example_records()
    columns = {name: pa.array(records[name]) for name in COLUMNS}
    symbols = {name: columns[name].dictionary_encode() for name, kind in COLUMNS.items() if kind == "category"}
    detector = Detector.load(folder)
    probability = detector.predict_proba(pa.table(columns | symbols))
    return [("normal", "attack")[place] for place in detector.verdict(probability)], probability


@pytest.mark.integration
def test_in_a_program_whose_own_package_is_src_the_packed_code_runs(elsewhere: dict[str, Any]) -> None:
    assert elsewhere["own"] == ["src", "src.service"]
    assert len(elsewhere["packages"]) == 2  # one code of two
    for name, file in elsewhere["packages"].items():
        assert not file.startswith(str(PROJECT / "src"))
        assert f"/code/{name}/" in file


@pytest.mark.integration
def test_away_from_the_repository_the_verdicts_are_those_of_the_detector(
    elsewhere: dict[str, Any], folder: Path, clusters: Path
) -> None:
    for found, kept in zip(elsewhere["answers"], (folder, clusters), strict=False):
        names, expected = verdicts(kept)
        assert list(found) == ["verdict", "probability_normal", "probability_attack", "unknown_words"]
        assert found["verdict"] == names
        np.testing.assert_allclose(found["probability_normal"], expected[:, 0], atol=1e-7)
        np.testing.assert_allclose(found["probability_attack"], expected[:, 1], atol=1e-7)


@pytest.mark.integration
def test_two_detectors_of_different_code_each_run_their_own_in_one_process(elsewhere: dict[str, Any]) -> None:
    network, _, other, again = (answer["probability_attack"] for answer in elsewhere["answers"])
    assert again == network
    assert len(set(network)) > 1
    np.testing.assert_allclose(other, other[0], atol=1e-7)  # its inputs are constant


@pytest.mark.integration
def test_away_from_the_repository_errors_name_what_is_wrong(elsewhere: dict[str, Any]) -> None:
    missing, broken, unknown, capitals = elsewhere["errors"]
    assert "found no column 'duration'" in capitals
    assert "records.rename(columns=" in capitals
    assert "src_bytes" in missing
    assert broken == "row 1, column count: found 3.5, expected a whole number, 0 or more"
    assert "words that no published file has in 3 of 3 records (100.00 %), such as service 'https'" in unknown


@pytest.mark.integration
def test_away_from_the_repository_columns_of_any_type_and_order_are_taken(elsewhere: dict[str, Any]) -> None:
    """As pandas.read_csv and others make them; MLflow checks a frame against the signature before the model does."""
    kinds = ("int64", "Int64", "bool", "category", "object", "str", "shuffled")
    assert elsewhere["same"] == dict.fromkeys(kinds, True)


@pytest.mark.integration
def test_away_from_the_repository_unknown_words_are_counted(elsewhere: dict[str, Any]) -> None:
    assert elsewhere["unknown"] == [1, 1, 1]


def test_a_table_of_records_gets_a_table_of_verdicts_in_order(served: ServedDetector) -> None:
    records = example_records()
    verdicts = served.predict(None, records)
    assert list(verdicts.columns) == ["verdict", "probability_normal", "probability_attack", "unknown_words"]
    backwards = served.predict(None, records[::-1])
    pd.testing.assert_frame_equal(backwards[::-1].reset_index(drop=True), verdicts)


def test_an_empty_table_gets_an_empty_table(served: ServedDetector) -> None:
    assert served.predict(None, example_records()[:0]).shape == (0, 4)


def test_a_service_that_training_never_saw_is_accepted(served: ServedDetector) -> None:
    records = example_records()
    records["service"] = ["http3", "http", "quic"]
    verdicts = served.predict(None, records, {"max_unknown": 0.7})
    assert verdicts["verdict"].isin(["normal", "attack"]).all()
    assert verdicts["unknown_words"].tolist() == [1, 0, 1]


def test_more_unknown_words_than_allowed_are_refused(served: ServedDetector) -> None:
    records = example_records()
    records["service"] = ["http3", "doh", "quic"]
    message = (
        r"^records: found words that no published file has in 3 of 3 records \(100\.00 %\), such as service 'doh', "
        r"service 'http3', service 'quic', expected at most 1\.00 %; .*, or raise max_unknown of params="
        r"\{\"max_unknown\": SHARE\}$"
    )
    with pytest.raises(ValueError, match=message):
        served.predict(None, records)
    with pytest.raises(ValueError, match=r"found nan in max_unknown of params=.*, expected a share of the records"):
        served.predict(None, records, {"max_unknown": float("nan")})


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("src_bytes", 3.5, "found 3.5, expected a whole number, 0 or more"),
        ("src_bytes", float("nan"), "found nan, expected a whole number, 0 or more"),
        ("src_bytes", -1.0, "found -1.0, expected a whole number, 0 or more"),
        ("src_bytes", float("inf"), "found inf, expected a whole number, 0 or more"),
        ("logged_in", 2.0, "found 2.0, expected 0 or 1"),
        ("logged_in", 0.5, "found 0.5, expected 0 or 1"),
        ("serror_rate", 1.5, "found 1.5, expected a number from 0 to 1"),
        ("serror_rate", -0.1, "found -0.1, expected a number from 0 to 1"),
        ("serror_rate", float("nan"), "found nan, expected a number from 0 to 1"),
        ("service", "", "found '', expected a word in UTF-8"),
        ("service", None, "found nan, expected a word in UTF-8"),
    ],
)
def test_a_value_that_cannot_be_is_named_by_row_and_column(
    column: str, value: object, message: str, served: ServedDetector
) -> None:
    records = example_records()
    records.loc[1, column] = value
    records.index = pd.Index([7, 8, 9])  # rows are counted from 0, whatever the table calls them
    with pytest.raises(ValueError, match=f"^row 1, column {column}: {message}$"):
        served.predict(None, records)


def test_the_example_records_are_what_the_signature_asks_for() -> None:
    records = example_records()
    assert list(records.columns) == list(COLUMNS)
    for name, kind in COLUMNS.items():
        assert pd.api.types.is_string_dtype(records[name]) if kind == "category" else records[name].dtype == "float64"


def test_verdicts_are_those_of_the_detectors_decision(folder: Path, tmp_path: Path) -> None:
    detector = Detector.load(folder)
    for threshold, verdict in ((0.0, "attack"), (1.0, "normal")):
        deciding = Detector(detector.preparation, detector.classifier, detector.card, Decision(3.0, threshold))
        deciding.save(tmp_path / verdict)
        served = ServedDetector()
        served.load_context(SimpleNamespace(artifacts={"detector": str(tmp_path / verdict)}))
        assert set(served.predict(None, example_records())["verdict"]) == {verdict}
