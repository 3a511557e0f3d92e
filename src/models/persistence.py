"""Loading of fitted models; `model.json` in the folder names the kind."""

from pathlib import Path

from src.models.interface import Classifier
from src.utils.archives import read_json

MOST_CLASSES = 1000
_LARGEST = 1 << 16  # bytes of model.json


def load_classifier(folder: Path) -> Classifier:
    """Load a model that `Classifier.save` wrote.

    Raises:
        ValueError: the folder holds no model, or a model of an unknown kind.
    """
    path = folder / "model.json"
    if not path.is_file():
        raise ValueError(f"{folder}: found no model.json, expected a folder that a detector's model was saved to")
    facts = read_json(path, path.read_bytes(), _LARGEST, "the kind of a model")
    kind, n_classes = (facts.get("kind"), facts.get("n_classes")) if isinstance(facts, dict) else (None, None)
    if kind == "network":
        from src.models.networks.classifier import NetworkClassifier

        return NetworkClassifier.load(folder)
    if kind == "classical":
        from src.models.classical.classifier import ClassicalClassifier

        if isinstance(n_classes, bool) or not isinstance(n_classes, int) or not 2 <= n_classes <= MOST_CLASSES:
            raise ValueError(f"{path}: found n_classes={n_classes!r}, expected a whole number from 2 to {MOST_CLASSES}")
        return ClassicalClassifier.load(folder, n_classes)
    raise ValueError(f"{path}: found the kind {kind!r}, expected 'network' or 'classical'; "
                     "the model was saved by another version of this project: train it again")  # fmt: skip
