"""Detectors as models of MLflow runs."""

import json
import tempfile
from pathlib import Path
from typing import Any

from src.tracking.environment import requirements
from src.tracking.find_runs import MODEL_ADDRESSES, find_run, model_errors
from src.tracking.origin import origin_tags
from src.tracking.packed_code import importable, pack_code
from src.tracking.store import open_store
from src.utils.paths import PROJECT

DETECTOR = "detector"


def log_detector(
    mlflow: Any, folder: Path, class_names: tuple[str, ...], root: Path = PROJECT, *, origin: bool = False
) -> None:
    """Log the detector kept in `folder` as a model that loads without pickle and without this repository.

    Args:
        root: Folder of the package `src` whose code the model brings.
        origin: True to name the user and the path of the command in the tags of the model.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, ParamSchema, ParamSpec, Schema

    from src.data.parsing.reading import MAX_UNKNOWN
    from src.detector.card import read_card
    from src.detector.example import example_records

    records_schema = read_card(folder)[0].schema
    facts = json.loads((folder / "model" / "model.json").read_text(encoding="utf-8"))
    # any type, none required: the model itself reads numbers of every type, and says what is missing or wrong and where
    inputs = [ColSpec(AnyType(), name, required=False) for name in records_schema.kinds]
    outputs = [ColSpec("string", "verdict"), *(ColSpec("double", f"probability_{name}") for name in class_names)]
    params = ParamSchema([ParamSpec("max_unknown", "double", MAX_UNKNOWN)])
    signature = ModelSignature(Schema(inputs), Schema([*outputs, ColSpec("long", "unknown_words")]), params)
    here = Path.cwd()
    place = folder.relative_to(here) if folder.is_relative_to(here) else folder  # the model names it
    with tempfile.TemporaryDirectory() as packed:
        code = pack_code(Path(packed), root)
        with importable(code):
            mlflow.pyfunc.log_model(
                name=DETECTOR,
                python_model=str(code.model),
                code_paths=[str(code.package)],
                artifacts={DETECTOR: str(place)},
                signature=signature,
                input_example=example_records(records_schema),
                pip_requirements=requirements(network=facts["kind"] == "network"),
                tags=origin_tags(named=origin),
            )


def detector_folder(model: str) -> Path:
    """Folder of a detector. Nothing that a logged model brings is run: its code is left where it is.

    Args:
        model: Id of a run, its first digits, name of a run, address of a model such as models:/name@alias,
            models:/name/1 or runs:/<run>/detector, folder of a detector, or folder of a logged model.
    Raises:
        ValueError: no detector is found there, or several runs have this name.
    """
    folder = Path(model)
    if folder.is_dir():
        return _detector_in(folder, str(folder))
    if model.startswith(MODEL_ADDRESSES):
        return _detector_in(_downloaded(model), model)
    run = find_run(model)
    mlflow = open_store(None)
    try:
        return Path(mlflow.artifacts.download_artifacts(f"runs:/{run.id}/{DETECTOR}")) / "artifacts" / DETECTOR
    except mlflow.exceptions.MlflowException as error:
        raise ValueError(
            f"run {run.id}: found no detector in {mlflow.get_tracking_uri()} ({error.message}); expected a run with "
            "tracking.log_model=true, not a parent, or a path such as models/detector"
        ) from None


def _detector_in(folder: Path, asked: str) -> Path:
    for place in (folder, folder / "artifacts" / DETECTOR, folder / "models" / DETECTOR):
        if (place / "detector.json").is_file():
            return place
    raise ValueError(f"{asked}: found no detector in it, expected detector.json or a model logged by this project")


def _downloaded(address: str) -> Path:
    """Folder of a logged model by its address; a run in it may also be a name or first digits."""
    exact = address
    if address.startswith("runs:/"):
        run, _, path = address.removeprefix("runs:/").partition("/")
        exact = f"runs:/{find_run(run).id}/{path or DETECTOR}"
    with model_errors(address) as mlflow:
        return Path(mlflow.artifacts.download_artifacts(exact))
