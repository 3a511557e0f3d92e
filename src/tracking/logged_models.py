"""Detectors as models of MLflow runs."""

import json
from pathlib import Path
from typing import Any

from src.tracking.environment import requirements
from src.tracking.find_runs import find_run
from src.tracking.store import open_store
from src.utils.paths import PROJECT

DETECTOR = "detector"


def log_detector(mlflow: Any, folder: Path, class_names: tuple[str, ...]) -> None:
    """Log the detector kept in `folder` as a model that loads without pickle and without this repository."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, ParamSchema, ParamSpec, Schema

    from src.data.reading import MAX_UNKNOWN
    from src.data.schema import COLUMNS
    from src.detector.example import example_records

    facts = json.loads((folder / "model" / "model.json").read_text(encoding="utf-8"))
    # any type: the model itself reads whole numbers of every type, and names row and column of a wrong value
    inputs = [ColSpec(AnyType(), name) for name in COLUMNS]
    outputs = [ColSpec("string", "verdict"), *(ColSpec("double", f"probability_{name}") for name in class_names)]
    params = ParamSchema([ParamSpec("max_unknown", "double", MAX_UNKNOWN)])
    signature = ModelSignature(Schema(inputs), Schema([*outputs, ColSpec("long", "unknown_words")]), params)
    mlflow.pyfunc.log_model(
        name=DETECTOR,
        python_model=str(PROJECT / "src" / "detector" / "mlflow_model.py"),
        code_paths=[str(PROJECT / "src")],
        artifacts={DETECTOR: str(folder)},
        signature=signature,
        input_example=example_records(),
        pip_requirements=requirements(network=facts["kind"] == "network"),
    )


def detector_folder(model: str) -> Path:
    """Folder of a detector.

    Args:
        model: Id of a run, its first digits, name of a run, folder of a detector, or folder of a logged model.
    Raises:
        ValueError: no detector is found there, or several runs have this name.
    """
    folder = Path(model)
    if folder.is_dir():
        for place in (folder, folder / "artifacts" / DETECTOR, folder / "models" / DETECTOR):
            if (place / "detector.json").is_file():
                return place
        raise ValueError(f"{folder}: found no detector in it, expected detector.json or a model logged by this project")
    run = find_run(model)
    mlflow = open_store(None)
    try:
        return Path(mlflow.artifacts.download_artifacts(f"runs:/{run.id}/{DETECTOR}")) / "artifacts" / DETECTOR
    except mlflow.exceptions.MlflowException as error:
        raise ValueError(
            f"run {run.id}: found no detector in {mlflow.get_tracking_uri()} ({error.message}); expected a run with "
            "tracking.log_model=true, not a parent, or a path such as models/detector"
        ) from None
