"""Words in the titles of configurations: model, input, layout and teacher."""

from collections.abc import Mapping
from typing import Any

_MODELS = {"lstm": "LSTM", "lstm_ensemble": "LSTM"}
_REDUCERS = {"pca": "PCA", "mi": "MI"}
LAYOUTS = {"groups": "all features by groups", "history": "all features and history"}


def input_name(reducer: str, k: int) -> str:
    """Return an input in words: `PCA 2`, `all features`."""
    return "all features" if reducer == "none" else f"{_REDUCERS.get(reducer, reducer)} {k}"


def teaching_details(config: Mapping[str, Any]) -> list[str]:
    """Return in words how a network learns from a teacher, and the form of its inputs; empty for the default."""
    words, form = [], config["model"].get("form", "value")
    if teacher := config["training"].get("teacher"):
        kinds = [kind for kind in ("column", "group") if teacher[f"mixed_by_{kind}"]]
        words += [f"mixed by {' and '.join(kinds)}" if kinds else "not mixed"]
        words += [f"{teacher['records_per_epoch']:,} an epoch"]
        words += ["its classes"] if teacher["targets"] == "classes" else []
    return words if form == "value" else [*words, form.replace("_", " and ")]


def model_name(model: Mapping[str, Any]) -> str:
    """Return the name of a model in words, with the share of features that its trees choose from where that is set."""
    features = model.get("max_features")
    chosen = "" if features in (None, "sqrt") else f" ({features} of the features)"
    return _MODELS.get(model["name"], model["name"].replace("_", " ")) + chosen
