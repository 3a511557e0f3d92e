"""scikit-learn classifiers as models: the config names the class and its parameters as scikit-learn does."""

import importlib
import inspect
from contextlib import suppress
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin

from src.models.classical.classifier import Classical

SET_BY_RUN = ("random_state", "n_jobs")


class SklearnModel(Classical):
    """A scikit-learn classifier with scikit-learn's own parameters.

    The run sets `random_state` to its seed and `n_jobs` to -1 where the class has them.

    Args:
        estimator: Full name of the class, such as `sklearn.tree.DecisionTreeClassifier`.
        parameters: Parameters of the class; those not given keep scikit-learn's defaults.
    Raises:
        ValueError: the class is not a classifier of scikit-learn with probabilities, or refuses a parameter.
    """

    def __init__(self, estimator: str, **parameters: Any):
        self._class = _classifier_class(estimator)
        self._parameters = parameters
        accepted = inspect.signature(self._class).parameters
        self._set_by_run = [name for name in SET_BY_RUN if name in accepted]
        legal = sorted(set(accepted) - set(SET_BY_RUN))
        for name, value in parameters.items():
            if name in SET_BY_RUN:
                raise ValueError(
                    f"{name}={value}: expected no value, as every run sets random_state and n_jobs; set seed"
                )
            if name not in legal:
                raise ValueError(f"{name}: found no such parameter for {estimator}, expected one of {', '.join(legal)}")
            # Python takes true for 1, and scikit-learn does too
            if isinstance(value, bool) and not isinstance(accepted[name].default, bool | str):
                raise ValueError(f"{name}={value}: expected no true or false, but a value that {estimator} takes")
        self._class(**parameters)._validate_params()  # what its fit does first; here it stops a run before any work

    def make_estimator(self, seed: int) -> ClassifierMixin:
        values = {"random_state": seed, "n_jobs": -1}
        return self._class(**self._parameters, **{name: values[name] for name in self._set_by_run})


def _classifier_class(name: str) -> Any:
    """The class of that name.

    Raises:
        ValueError: it is not a classifier of scikit-learn with probabilities.
    """
    module, _, kind = str(name).rpartition(".")
    found = None
    if module.startswith("sklearn."):
        with suppress(ModuleNotFoundError):
            found = getattr(importlib.import_module(module), kind, None)
    is_classifier = inspect.isclass(found) and issubclass(found, ClassifierMixin) and issubclass(found, BaseEstimator)
    if not (is_classifier and hasattr(found, "predict_proba")):
        raise ValueError(
            f"estimator={name!r}: expected the full name of a scikit-learn classifier that has predict_proba, "
            "such as sklearn.tree.DecisionTreeClassifier"
        )
    return found
