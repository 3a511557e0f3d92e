"""Compares configurations by the attacks that they detect at equal false alarms, on the same test records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.evaluation.intervals import MeanTest, resampled_test
from src.evaluation.verdicts import Verdicts


@dataclass(frozen=True)
class _Counts:
    """Numbers of records by vector and by place between the distinct scores of normal records, highest first.

    Attributes:
        place: Place of each entry, int64, shape (n,). A normal record has the place of its score. An attack has that
            of the next lower score: a threshold just above that one is the first that it reaches.
        vector: Vector of each entry, int64, shape (n,).
        records: Number of records, float64, shape (n,).
        places: Number of places.
    """

    place: np.ndarray
    vector: np.ndarray
    records: np.ndarray
    places: int

    @classmethod
    def of(cls, place: np.ndarray, vector: np.ndarray, places: int) -> "_Counts":
        entry, records = np.unique(place * (int(vector.max(initial=0)) + 1) + vector, return_counts=True)
        return cls(*np.divmod(entry, int(vector.max(initial=0)) + 1), records.astype(float), places)

    def down_to(self, weight: np.ndarray) -> np.ndarray:
        """Weighted number of records down to and with each place, float64, shape (places,)."""
        found: np.ndarray = np.cumsum(np.bincount(self.place, weight[self.vector] * self.records, self.places))
        return found


@dataclass(frozen=True)
class _Ranked:
    """Records of a run, most suspect first."""

    normal: _Counts
    attack: _Counts

    @classmethod
    def of(cls, run: Verdicts, vector: np.ndarray) -> "_Ranked":
        """Rank the records of a run by P(attack); `vector` counts the distinct ones from 0."""
        is_normal = run.target == 0
        scores = np.unique(-run.attack[is_normal])  # rising, so the highest score first
        normal = np.searchsorted(scores, -run.attack[is_normal], side="left")
        attack = np.searchsorted(scores, -run.attack[~is_normal], side="right")
        return cls(
            _Counts.of(normal, vector[is_normal], len(scores) + 1),
            _Counts.of(attack, vector[~is_normal], len(scores) + 1),
        )

    def detection(self, weight: np.ndarray, rates: Sequence[float]) -> np.ndarray:
        """Share of the attacks with an alarm at each rate of false alarms, float64, shape (rates,).

        The threshold is the lowest with no more false alarms than allowed.

        Args:
            weight: Number of times that each vector counts, float64, shape (vectors,).
        """
        false_alarms, detected = self.normal.down_to(weight), self.attack.down_to(weight)
        allowed = np.array(rates) * false_alarms[-1] + 1e-9
        first_beyond = np.searchsorted(false_alarms[:-1], allowed, side="right")
        found: np.ndarray = detected[first_beyond] / max(detected[-1], 1)  # 0 without attacks
        return found


@dataclass(frozen=True)
class ResampledDetection:
    """Share of the attacks that some runs detect at rates of false alarms.

    Attributes:
        whole: On the test records themselves, float64, shape (runs, rates).
        drawn: On resampled test records, float64, shape (resamples, runs, rates).
    """

    whole: np.ndarray
    drawn: np.ndarray


def resampled_detection(
    runs: Sequence[Verdicts], rates: Sequence[float], *, resamples: int = 1000, seed: int = 0
) -> ResampledDetection:
    """Compute the detection of each run at each rate of false alarms, with the threshold read on its test.

    A draw takes each feature vector the same number of times in all runs, and reads the thresholds anew. Draws depend
    on the seed and on the vectors alone: those of two configurations on the same records are pairs.

    Args:
        runs: Verdicts of the runs of one configuration.
        rates: Shares of the normal records that may raise an alarm.
        resamples: Number of resamples.
        seed: Seed of the bootstrap.
    """
    distinct, vectors = np.unique(np.concatenate([run.vector for run in runs]), return_inverse=True)
    vector_of = np.split(vectors, np.cumsum([len(run) for run in runs])[:-1])
    ranked = [_Ranked.of(run, vector) for run, vector in zip(runs, vector_of, strict=True)]

    def detection(weight: np.ndarray) -> np.ndarray:
        return np.stack([one.detection(weight, rates) for one in ranked])

    rng = np.random.default_rng([seed, 7])
    draws = (np.bincount(rng.integers(len(distinct), size=len(distinct)), minlength=len(distinct))
             for _ in range(resamples))  # fmt: skip
    drawn = np.stack([detection(weight.astype(float)) for weight in draws])
    return ResampledDetection(detection(np.ones(len(distinct))), drawn)


def resampled_differences(
    first: ResampledDetection, second: ResampledDetection, rates: Sequence[float]
) -> dict[float, MeanTest]:
    """Compute the mean difference in detection at each rate of false alarms, first less second, run by run.

    The intervals cover seeds and test records. P(attack) is that of the stored verdicts, float32: scores that differ by
    less are equal here.

    Args:
        first: Detection of the runs of one configuration.
        second: That of the other, on the same records (`check_pairs`) and in the same order of seeds.
        rates: Rates of false alarms of both.
    """
    whole, means = first.whole - second.whole, (first.drawn - second.drawn).mean(axis=1)
    return {rate: resampled_test(whole[:, at], means[:, at]) for at, rate in enumerate(rates)}
