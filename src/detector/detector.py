"""Detector: encoding, scaling, reducer, model and decision as one object that turns raw records into verdicts."""

import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.pipeline import Pipeline

from src.data.history import History, with_history
from src.data.layout import ModelInput, Windows, request_windows
from src.data.schema import COLUMNS, N_FEATURES
from src.detector.card import Card, check_files, read_card, write_card
from src.detector.decision import MOST_PROBABLE, Decision
from src.features.encoding import encode
from src.features.reduction import load_preparation, prepare, save_preparation
from src.features.unknown_words import UnknownWords
from src.models.interface import Classifier
from src.models.persistence import load_classifier
from src.models.probabilities import check_probability
from src.utils.archives import AGAIN
from src.utils.files import whole_folder
from src.utils.messages import first_line

CHUNK = 1 << 17  # records scored at once: limits the memory for a whole file


class Detector:
    """Fitted detector.

    Args:
        preparation: Fitted scaling and reducer.
        classifier: Fitted model, which reads their k outputs.
        card: Origin of the detector.
        decision: Rule that turns probabilities into verdicts.
    """

    def __init__(self, preparation: Pipeline, classifier: Classifier, card: Card, decision: Decision = MOST_PROBABLE):
        self.preparation = preparation
        self.classifier = classifier
        self.card = card
        self.decision = decision

    def predict_proba(self, columns: pa.Table) -> np.ndarray:
        """Compute calibrated class probabilities, float32, shape (n, classes), of n checked records.

        A detector that also reads previous records treats the records as a complete file, in order.

        Args:
            columns: The 41 columns by name.
        """
        return self.stream().predict_proba(columns)

    def verdict(self, probability: np.ndarray) -> np.ndarray:
        """Choose a class index, int64, shape (n,), from the probabilities of `predict_proba` or `score`."""
        return self.decision.verdict(probability)

    def score(self, X: np.ndarray) -> np.ndarray:
        """Compute calibrated class probabilities, float32, shape (n, classes), of encoded records, shape (n, 53)."""
        return self.decision.calibrated(self.uncalibrated(X))

    def uncalibrated(self, X: np.ndarray, request: int | None = None) -> np.ndarray:
        """Compute the probabilities of the model, float32, shape (n, classes), before calibration.

        A detector that also reads previous records treats the records as a complete file, in order.

        Args:
            X: Encoded records, float32, shape (n, 53).
            request: Number of consecutive records that are treated as a complete file each; None treats all as one.
        Raises:
            ValueError: X has another number of columns, or a probability is not a finite number from 0 to 1.
        """
        return self.stream().uncalibrated(X, request)

    def stream(self, unknown: UnknownWords | None = None) -> "Stream":
        """Start to score a file that comes in blocks.

        Args:
            unknown: Takes the words that the encoding does not know, and refuses too many.
        """
        return Stream(self, unknown)

    def save(self, folder: Path) -> None:
        """Save the detector in `folder`, replacing its contents, without pickle."""
        with whole_folder(folder) as part:
            save_preparation(self.preparation, part / "preparation.skops")
            self.classifier.save(part / "model")
            write_card(part, self.card, self.decision)

    @classmethod
    def load(cls, folder: Path) -> "Detector":
        """Load a detector that `save` saved, after a check of all its files.

        Raises:
            ValueError: the folder contains no detector, one of another format, or a damaged one.
        """
        card, decision, digests = read_card(folder)
        with warnings.catch_warnings(record=True) as raised:
            preparation = load_preparation(folder / "preparation.skops")
            detector = cls(preparation, load_classifier(folder / "model"), card, decision)
            detector._check(folder)
        check_files(folder, digests)
        if raised:  # one in place of one for each estimator, such as of another version of scikit-learn
            warnings.warn(f"{folder}: {raised[0].message}", UserWarning, stacklevel=2)
        return detector

    def _check(self, folder: Path) -> None:
        """Check that card, preparation and model fit each other, with a record of zeros."""
        record = np.zeros((1, N_FEATURES), dtype=np.float32)
        path = folder / "preparation.skops"
        try:
            with np.errstate(all="ignore"):
                rows = prepare(self.preparation, record)
        except Exception as error:  # any class: the file decides what the steps hold
            found = f"{type(error).__name__}: {first_line(error)}"
            raise ValueError(f"{path}: found steps that cannot prepare a record ({found}); {AGAIN}") from None
        if rows.shape != (1, self.card.k) or not np.isfinite(rows).all():
            raise ValueError(
                f"{path}: found steps that make {rows.shape[-1]} values of a record, expected {self.card.k} finite "
                f"numbers, k of detector.json; {AGAIN}"
            )
        try:
            with np.errstate(all="ignore"):
                self.classifier.check(self.stream()._model_input(record), len(self.card.class_names))
        except ValueError as error:
            raise ValueError(f"{folder / 'model'}: {error}, as detector.json says; {AGAIN}") from None


class Stream:
    """Scorer for the consecutive blocks of one file; carries windows and history over from block to block.

    The scores equal those of the whole file at once.

    Args:
        detector: Fitted detector.
        unknown: Takes the words that the encoding does not know, and refuses too many.
    """

    def __init__(self, detector: Detector, unknown: UnknownWords | None = None):
        self._detector = detector
        self._unknown = unknown
        self._before: np.ndarray | None = None  # last window - 1 prepared records, float32, shape (m, k)
        self._history = History(detector.card.history) if detector.card.layout == "history" else None

    def predict_proba(self, columns: pa.Table) -> np.ndarray:
        """Compute calibrated class probabilities of the next checked records, see `Detector.predict_proba`."""
        columns = columns.select(list(COLUMNS))
        X, unknown = encode(columns)
        if self._unknown is not None:
            self._unknown.add(columns, unknown)
        return self._detector.decision.calibrated(self.uncalibrated(X))

    def uncalibrated(self, X: np.ndarray, request: int | None = None) -> np.ndarray:
        """Compute the probabilities of the model for the next encoded records, see `Detector.uncalibrated`."""
        if X.ndim != 2 or X.shape[1] != N_FEATURES:
            raise ValueError(f"found an array of shape {X.shape}, expected (n, {N_FEATURES}) encoded features")
        detector = self._detector
        probability = np.empty((len(X), len(detector.card.class_names)), dtype=np.float32)
        step = CHUNK if request is None else max(1, CHUNK // request) * request
        for start in range(0, len(X), step):
            chunk = slice(start, start + step)
            with np.errstate(all="ignore"):  # what does not stay finite is an error
                probability[chunk] = detector.classifier.predict_proba(self._model_input(X[chunk], request))
            check_probability(probability[chunk], start)
        return probability

    def _model_input(self, X: np.ndarray, request: int | None = None) -> ModelInput:
        """Build the model input of the next records, the first of which begins a request."""
        rows, card = prepare(self._detector.preparation, X), self._detector.card
        if self._history:
            visible = None if request is None else np.arange(len(X)) % request
            return with_history(rows, self._history(X, visible))
        if card.layout != "window":
            return rows
        return self._windows(rows) if request is None else request_windows(rows, request, card.window)

    def _windows(self, rows: np.ndarray) -> Windows:
        """Build the windows of the next records; the first record of the file is repeated before itself."""
        window, known = self._detector.card.window, 0
        if self._before is not None:
            known, rows = len(self._before), np.concatenate([self._before, rows])
        self._before = rows[len(rows) - min(len(rows), window - 1) :].copy()
        return Windows(rows, np.arange(known, len(rows)), window)
