"""Data sets of a run, as MLflow shows them: training, validation and test part of the drawn records."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from src.config.settings import TRAINED_ON
from src.pipeline.fingerprint import of_stage

_CONTEXTS = {"train": "training", "val": "validation"}  # test parts keep their names


def log_datasets(client: Any, run_id: str, config: Mapping[str, Any], records: Mapping[str, int]) -> None:
    """Log the parts as inputs of a run. Those of a training on another data set are logged as its run has them.

    Args:
        client: MLflow client.
        config: Resolved config of the run.
        records: Number of records by part.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = []
    for part, count in records.items():
        of_part = _of_part(config, part)
        name = "-".join(of_part[group]["name"] for group in ("dataset", "task", "split"))
        values = of_stage(of_part, "sample")["config"]
        kind, source = _source(of_part, part)
        profile = json.dumps({"num_rows": count})
        dataset = Dataset(name, _digest(values, part), kind, json.dumps(source), profile=profile)
        inputs.append(DatasetInput(dataset, [InputTag("mlflow.data.context", _CONTEXTS.get(part, part))]))
    client.log_inputs(run_id, inputs)


def _of_part(config: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    """Config that a part follows from; tests on another data set than that of the training are its published files."""
    if TRAINED_ON not in config:
        return config
    own = {key: value for key, value in config.items() if key != TRAINED_ON}
    if part in _CONTEXTS:
        return {**own, "dataset": config[TRAINED_ON]}
    return {**own, "split": {**own["split"], "name": "official"}}


def _digest(values: Mapping[str, Any], part: str) -> str:
    """Digest of a part: that of the config values which it follows from, with the SHA-256 of published files."""
    return hashlib.sha256(json.dumps([values, part], sort_keys=True).encode()).hexdigest()[:8]


def _source(config: Mapping[str, Any], part: str) -> tuple[str, dict[str, Any]]:
    """Source of the records of a part, as type and description: a public address, or the simulator."""
    dataset = config["dataset"]
    file = dataset.get("train")
    if part not in _CONTEXTS and config["split"]["name"] == "official":
        # a data set of one file is scored on it
        file = dataset.get(part) or dataset.get("further_tests", {}).get(part) or file
    if file and file["urls"]:
        return "http", {"url": file["urls"][0]}
    return "code", {"tags": {"mlflow.source.name": file["path"] if file else "src/data/simulator.py"}}
