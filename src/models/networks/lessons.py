"""Lessons of a teacher: mixed records with its class probabilities, and how well a student agrees with it."""

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.models.classical.classifier import SCORED, ClassicalClassifier
from src.models.networks.keras_setup import cores_for_calls
from src.models.networks.mixing import Mixture


@dataclass(frozen=True)
class Lesson:
    """Source of the records that a network learns on, with their targets.

    Attributes:
        teacher: Fitted teacher.
        pool: Records that the mixed ones are made of, float32, shape (m, k).
        mixture: Shares of the mixed records.
        groups: Group of each column, int64, shape (k,); None without groups.
        rows_per_epoch: Records of an epoch.
        hard: True if the targets are classes.
        seed: Seed of the draws: the run's seed, and the number of the lesson.
    """

    teacher: ClassicalClassifier
    pool: np.ndarray
    mixture: Mixture
    groups: np.ndarray | None
    rows_per_epoch: int
    hard: bool
    seed: tuple[int, int]

    def draw(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw records, float32, shape (n, k), and their targets: float32, shape (n, classes), or int32, shape (n,)."""
        X = self.mixture.draw(self.pool, self.rows_per_epoch, np.random.default_rng([*self.seed, epoch]), self.groups)
        probability = probabilities(self.teacher, X)
        return X, probability.argmax(axis=1).astype(np.int32) if self.hard else probability


def probabilities(teacher: ClassicalClassifier, X: np.ndarray) -> np.ndarray:
    """Class probabilities of the teacher, float32, shape (n, classes); batches of records share the cores."""
    starts = range(0, len(X), SCORED)
    with ThreadPoolExecutor(cores_for_calls()) as threads:
        parts = list(threads.map(lambda start: teacher.predict_proba(X[start : start + SCORED]), starts))
    return np.concatenate(parts)


def agreement(student: np.ndarray, teacher: np.ndarray) -> dict[str, float]:
    """Agreement of two models on the same records, from class probabilities, shape (n, classes).

    Returns:
        `agreement`, share of records with the same most probable class, and `difference`, mean absolute difference of
        the attack probability.
    """
    return {
        "agreement": float(np.mean(student.argmax(axis=1) == teacher.argmax(axis=1))),
        "difference": float(np.abs(student[:, 0] - teacher[:, 0]).mean(dtype=np.float64)),
    }


def digest(teacher: ClassicalClassifier) -> str:
    """SHA-256 of the file of a teacher as `ClassicalClassifier.save` writes it, by which the same teacher is known."""
    with tempfile.TemporaryDirectory(prefix="ids-") as folder:
        teacher.save(Path(folder))
        return hashlib.sha256((Path(folder) / "estimator.skops").read_bytes()).hexdigest()
