"""Compares configurations by the attacks that they detect at equal false alarms, on the same test records."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.evaluation.comparison import check_pairs
from src.evaluation.intervals import MeanTest, resampled_test, seed_weights
from src.evaluation.verdicts import Verdicts


@dataclass(frozen=True)
class _Ranked:
    """Records of a run, most suspect first. Thresholds lie between the scores of normal records.

    Attributes:
        normal: Vector of each normal record, int64, shape (n,).
        ends: Number of normal records down to each distinct score of theirs, rising, int64, shape (scores,).
        attack: Vector of each attack, int64, shape (m,).
        above: Number of attacks with a score above each distinct score of normal records, and last the number of all
            attacks, rising, int64, shape (scores + 1,).
    """

    normal: np.ndarray
    ends: np.ndarray
    attack: np.ndarray
    above: np.ndarray

    @classmethod
    def of(cls, run: Verdicts, vector: np.ndarray) -> "_Ranked":
        """Rank the records of a run by P(attack); `vector` counts the distinct ones from 0."""
        order = np.argsort(-run.attack, kind="stable")
        score, vector, is_normal = run.attack[order], vector[order], run.target[order] == 0
        normal_score, attack_score = score[is_normal], score[~is_normal]
        ends = np.flatnonzero(np.append(normal_score[1:] != normal_score[:-1], True)) + 1
        above = np.searchsorted(-attack_score, -normal_score[ends - 1], side="left")
        return cls(vector[is_normal], ends, vector[~is_normal], np.append(above, len(attack_score)))

    def detection(self, weight: np.ndarray, rates: Sequence[float]) -> np.ndarray:
        """Share of the attacks with an alarm at each rate of false alarms, float64, shape (rates,).

        The threshold is the lowest with no more false alarms than allowed.

        Args:
            weight: Number of times that each vector counts, float64, shape (vectors,).
        """
        false_alarms = np.cumsum(weight[self.normal])[self.ends - 1]
        allowed = np.array(rates) * false_alarms[-1] + 1e-9
        detected = np.append(0.0, np.cumsum(weight[self.attack]))
        found: np.ndarray = detected[self.above[np.searchsorted(false_alarms, allowed, side="right")]] / detected[-1]
        return found


def detection_differences(
    first: Sequence[Verdicts],
    second: Sequence[Verdicts],
    rates: Sequence[float],
    *,
    resamples: int = 500,
    seed: int = 0,
) -> dict[float, MeanTest]:
    """Compute the mean difference in detection at each rate of false alarms, first less second, run by run.

    Each run has its own threshold, read on the test. The bootstrap draws seeds and feature vectors, the same for both,
    and reads the thresholds anew in each draw. P(attack) is that of the stored verdicts, float32: scores that differ by
    less are equal here.

    Args:
        first: Verdicts of the runs of one configuration.
        second: Those of the other, in the same order of seeds.
        rates: Shares of the normal records that may raise an alarm.
        resamples: Number of resamples.
        seed: Seed of the bootstrap.
    Raises:
        ValueError: two runs of a pair have different records or classes.
    """
    check_pairs(first, second)
    pairs = [(one.by_row(), other.by_row()) for one, other in zip(first, second, strict=True)]
    distinct, vector = np.unique(pairs[0][0].vector, return_inverse=True)
    ranked = [[_Ranked.of(run, vector) for run in pair] for pair in pairs]

    def differences(weight: np.ndarray) -> np.ndarray:
        """Difference of each pair at each rate, float64, shape (pairs, rates)."""
        return np.stack([one.detection(weight, rates) - other.detection(weight, rates) for one, other in ranked])

    rng = np.random.default_rng([seed, 7])
    draws = (np.bincount(rng.integers(len(distinct), size=len(distinct)), minlength=len(distinct))
             for _ in range(resamples))  # fmt: skip
    drawn = np.stack([differences(weight.astype(float)) for weight in draws])
    means = (drawn * seed_weights(len(pairs), resamples, seed)[..., None]).sum(axis=1)
    whole = differences(np.ones(len(distinct))).mean(axis=0)
    return {rate: resampled_test(float(whole[at]), means[:, at]) for at, rate in enumerate(rates)}
