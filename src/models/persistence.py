"""Read back fitted models: `model.json` beside each says which class does."""

import json
from pathlib import Path

from src.models.interface import Classifier


def load_classifier(folder: Path) -> Classifier:
    """Read back what `Classifier.save` kept.

    Raises:
        ValueError: the folder holds no model, or one of a kind this version does not know.
    """
    note = folder / "model.json"
    if not note.is_file():
        raise ValueError(f"{folder}: found no model.json, expected a folder that a detector's model was saved to")
    facts = json.loads(note.read_text(encoding="utf-8"))
    if facts["kind"] == "network":
        from src.models.networks.classifier import NetworkClassifier

        return NetworkClassifier.load(folder)
    if facts["kind"] == "classical":
        from src.models.classical.classifier import ClassicalClassifier

        return ClassicalClassifier.load(folder, facts["n_classes"])
    raise ValueError(f"{note}: found the kind {facts['kind']!r}, expected 'network' or 'classical'; "
                     "it was written by another version of this project")  # fmt: skip
