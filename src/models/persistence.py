"""Loading of fitted models; `model.json` in the folder names the kind."""

import json
from pathlib import Path

from src.models.interface import Classifier


def load_classifier(folder: Path) -> Classifier:
    """Load a model that `Classifier.save` wrote.

    Raises:
        ValueError: the folder holds no model, or a model of an unknown kind.
    """
    path = folder / "model.json"
    if not path.is_file():
        raise ValueError(f"{folder}: found no model.json, expected a folder that a detector's model was saved to")
    facts = json.loads(path.read_text(encoding="utf-8"))
    if facts["kind"] == "network":
        from src.models.networks.classifier import NetworkClassifier

        return NetworkClassifier.load(folder)
    if facts["kind"] == "classical":
        from src.models.classical.classifier import ClassicalClassifier

        return ClassicalClassifier.load(folder, facts["n_classes"])
    raise ValueError(f"{path}: found the kind {facts['kind']!r}, expected 'network' or 'classical'; "
                     "the model was saved by another version of this project: train it again")  # fmt: skip
