"""Detection and cost at equal false alarms: curves, and the points where few normal records raise an alarm.

A record raises an alarm where its P(attack) reaches a threshold. Its class is then that of least expected cost among
the attack classes, or the most probable one without a cost matrix. No rule, prior odds or budget of a config takes
part, so all detectors of a task are compared by the same verdicts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from src.data.schema import Schema
from src.detector.decision import attack_probability
from src.evaluation.interchangeable import interchangeable
from src.evaluation.metrics import ratio
from src.evaluation.thresholds import FALSE_ALARM_RATES, rate_name, threshold_within

BASE_RATES = (100, 1_000, 10_000)  # records for each attack among them
ON_TEST = "test"
_MOST_RESAMPLES = 500  # enough for 95 %; more would double the time
_CURVE = np.logspace(-4, 0, 41)
# A resampled curve is read at the next stricter of these thresholds: they are close together where it is reported.
_NEAR = np.logspace(-0.3, 0.3, 97)


@dataclass(frozen=True)
class Scored:
    """Scored records of a test part.

    Attributes:
        attack: P(attack), float64, shape (n,).
        alarm_class: Class of each record if it raises an alarm, int64, shape (n,).
        target: Class index, int32, shape (n,).
        vector: Ids of the feature vectors, uint64, shape (n,).
        cost: Cost matrix, `cost[actual][predicted]`, float64; None without costs.
    """

    attack: np.ndarray
    alarm_class: np.ndarray
    target: np.ndarray
    vector: np.ndarray
    cost: np.ndarray | None

    @classmethod
    def of(
        cls,
        probability: np.ndarray,
        target: np.ndarray,
        vector: np.ndarray,
        cost: Sequence[Sequence[float]] | None,
    ) -> "Scored":
        """Score records by calibrated class probabilities, float32, shape (n, classes)."""
        matrix = None if cost is None else np.array(cost, dtype=float)
        if matrix is None:
            alarm_class = 1 + probability[:, 1:].argmax(axis=1)
        else:
            alarm_class = 1 + (probability.astype(np.float64) @ matrix[:, 1:]).argmin(axis=1)
        return cls(attack_probability(probability), alarm_class, target, vector, matrix)

    @cached_property
    def costs(self) -> np.ndarray:
        """Cost of each record without and with an alarm, float64, shape (n, 2)."""
        assert self.cost is not None
        return np.stack([self.cost[self.target, 0], self.cost[self.target, self.alarm_class]], axis=1)

    def threshold(self, rate: float) -> float:
        """Lowest threshold that lets at most `rate` of the normal records raise an alarm; infinite if none does."""
        normal = self.target == 0
        found = threshold_within([self.attack[normal]], self.attack[~normal], rate)
        return np.inf if found is None else found


@dataclass(frozen=True)
class Labels:
    """Attack types of the records of a test part.

    Attributes:
        names: Labels, each once.
        code: Index of each record's label in `names`, int32, shape (n,).
        known: Labels that occur in training.
        schema: Normal traffic, and attack types by category.
    """

    names: tuple[str, ...]
    code: np.ndarray
    known: frozenset[str]
    schema: Schema

    def counts(self, which: np.ndarray) -> np.ndarray:
        """Count the records of each label among those of a mask, bool, shape (n,): int64, shape (labels,)."""
        return np.bincount(self.code[which], minlength=len(self.names))

    def groups(self) -> dict[str, np.ndarray]:
        """Indices of the labels of each attack category, of the known attack types and of the unknown ones."""
        in_group = {name: [label in types for label in self.names] for name, types in self.schema.categories.items()}
        normal = self.schema.normal
        in_group["known_attacks"] = [label != normal and label in self.known for label in self.names]
        in_group["unknown_attacks"] = [label != normal and label not in self.known for label in self.names]
        return {name: np.flatnonzero(mask) for name, mask in in_group.items()}


@dataclass(frozen=True)
class OperatingPoints:
    """Scores of a detector at equal false alarms on one test part.

    Attributes:
        table: One row for each false-alarm rate and each place where its threshold was chosen.
        curve: Detection, and cost if there is one, by false-alarm rate, with 95 % bands.
        attacks: Share of each attack type's records with an alarm, at each rate.
        metrics: Metrics by name, such as `detection_at_1_percent`.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    attacks: pd.DataFrame
    metrics: dict[str, float]


@dataclass(frozen=True)
class TrainingThresholds:
    """Thresholds that training chose.

    Attributes:
        chosen_on: Records that they were chosen on: `validation`, or blocks of training.
        by_rate: Threshold by false-alarm rate; rates that no threshold keeps are missing.
    """

    chosen_on: str
    by_rate: Mapping[float, float]


def operating_points(
    scored: Scored,
    labels: Labels,
    chosen: TrainingThresholds | None,
    *,
    resamples: int,
    seed: int,
    records_a_day: int,
) -> OperatingPoints | None:
    """Compute the scores of a detector at equal false alarms.

    Args:
        scored: Records with their P(attack).
        labels: Attack types of the records.
        chosen: Thresholds that training chose; None leaves them out.
        resamples: Number of resampled test parts, for the intervals, of which 500 at most are used; 0 for none.
        seed: Seed of the resampling.
        records_a_day: Records a day that the numbers of alarms assume.
    Returns:
        The scores; None if the part lacks normal records or attacks.
    """
    normal = scored.target == 0
    if normal.all() or not normal.any():
        return None
    read = {rate: scored.threshold(rate) for rate in FALSE_ALARM_RATES}
    rows = [(rate, ON_TEST, read[rate]) for rate in FALSE_ALARM_RATES]
    if chosen:
        rows += [(rate, chosen.chosen_on, chosen.by_rate.get(rate, np.inf)) for rate in FALSE_ALARM_RATES]
    curves = _Curves.of(scored, [threshold for _, _, threshold in rows])
    drawn = curves.drawn(min(resamples, _MOST_RESAMPLES), seed) if resamples else None
    alarms = {threshold: labels.counts(scored.attack >= threshold) for _, _, threshold in rows}
    records = labels.counts(np.ones(len(normal), dtype=bool))
    table = pd.DataFrame(
        [_row(row, curves, drawn, records_a_day) | _detected(labels, records, alarms[row[2]]) for row in rows]
    )
    attacks = _by_type(labels, records, {rate: alarms[threshold] for rate, threshold in read.items()})
    return OperatingPoints(table, curves.table(drawn), attacks, _metrics(table))


@dataclass(frozen=True)
class _Totals:
    """Sums over the records of a test part, or of each resampled one, at each threshold.

    Attributes:
        false_alarm_rate: Falling, float64, shape (..., thresholds).
        detection: The same shape.
        cost: Mean cost, the same shape; None without costs.
    """

    false_alarm_rate: np.ndarray
    detection: np.ndarray
    cost: np.ndarray | None

    def at_rate(self, rate: float) -> dict[str, np.ndarray]:
        """Scores, shape (...), at the lowest threshold with at most this share of false alarms."""
        # the last threshold is infinite, so that there is always one
        first = (self.false_alarm_rate > rate + 1e-12).sum(axis=-1)
        return self.at(first)

    def at(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """Scores, shape (...), at the threshold of each index."""
        found = {"false_alarm_rate": self.false_alarm_rate, "detection": self.detection}
        if self.cost is not None:
            found["mean_cost"] = self.cost
        place = np.broadcast_to(which, self.detection.shape[:-1])[..., None]
        return {name: np.take_along_axis(values, place, axis=-1)[..., 0] for name, values in found.items()}


@dataclass(frozen=True)
class _Curves:
    """Counts of records between thresholds, for groups of interchangeable vectors.

    Attributes:
        thresholds: Rising, the last is infinite, float64.
        groups: Number of vectors in each group, int64.
        sums: Normal records, attacks, and cost without and with an alarm, by group and bin between two thresholds,
            float64, shape (groups, 4, bins).
    """

    thresholds: np.ndarray
    groups: np.ndarray
    sums: np.ndarray
    has_cost: bool

    @classmethod
    def of(cls, scored: Scored, further: Sequence[float]) -> "_Curves":
        """Count the records of a test part between the thresholds of a curve and `further` ones."""
        thresholds = np.unique([*_thresholds(scored.attack[scored.target == 0]), *further, np.inf])
        bins = np.searchsorted(thresholds, scored.attack, side="right")
        n_classes = int(max(scored.target.max(), scored.alarm_class.max())) + 1
        cell = (bins * n_classes + scored.target) * n_classes + scored.alarm_class
        groups, vector_of_record = interchangeable(scored.vector, cell)
        kept = vector_of_record >= 0
        columns = [scored.target == 0, scored.target != 0]
        if scored.cost is not None:
            columns += list(scored.costs.T)
        n_bins = len(thresholds) + 1
        place = vector_of_record[kept] * n_bins + bins[kept]
        sums = np.stack(
            [
                np.bincount(place, weights=column[kept], minlength=len(groups) * n_bins).reshape(len(groups), n_bins)
                for column in columns
            ],
            axis=1,
        )
        return cls(thresholds, groups, sums, scored.cost is not None)

    def index(self, threshold: float) -> int:
        """Index of a threshold that `of` was given."""
        return int(np.searchsorted(self.thresholds, threshold))

    @cached_property
    def whole(self) -> _Totals:
        """Totals of the test part itself, each of shape (thresholds,)."""
        return self._totals(self.groups.astype(float))

    def drawn(self, resamples: int, seed: int) -> _Totals:
        """Totals of resampled test parts, each of shape (resamples, thresholds)."""
        n_vectors = int(self.groups.sum())
        draws = np.random.default_rng([seed, 4]).multinomial(n_vectors, self.groups / n_vectors, size=resamples)
        return self._totals(draws.astype(float))

    def _totals(self, weight: np.ndarray) -> _Totals:
        """Totals with a weight for each group, float64, shape (..., groups)."""
        shape = self.sums.shape
        sums = (weight @ self.sums.reshape(shape[0], -1)).reshape(*weight.shape[:-1], *shape[1:])
        below = np.cumsum(sums, axis=-1)[..., :-1]  # of the records below each threshold
        total = np.broadcast_to(sums.sum(axis=-1, keepdims=True), below.shape)
        above = total - below
        false_alarms, detected = (ratio(above[..., row, :], total[..., row, :]) for row in (0, 1))
        if not self.has_cost:
            return _Totals(false_alarms, detected, None)
        records = total[..., 0, :] + total[..., 1, :]
        return _Totals(false_alarms, detected, ratio(below[..., 2, :] + above[..., 3, :], records))

    def table(self, drawn: _Totals | None) -> pd.DataFrame:
        """Curve by allowed false-alarm rate, with 95 % bands where the resampled parts are given."""
        rows = []
        for rate in _CURVE:
            row = {name: float(value) for name, value in self.whole.at_rate(rate).items()}
            rows.append({"allowed": float(rate), **row, **_bands(drawn.at_rate(rate) if drawn else {})})
        return pd.DataFrame(rows)


def _thresholds(normal: np.ndarray) -> np.ndarray:
    """Thresholds at the false-alarm rates of the curve, and close together near the rates that are reported."""
    rates = np.concatenate([_CURVE, *(rate * _NEAR for rate in FALSE_ALARM_RATES)])
    falling = np.append(np.sort(normal)[::-1], -np.inf)
    silent = falling[np.minimum((rates * len(normal) + 1e-9).astype(np.int64), len(normal))]
    return np.nextafter(silent, np.inf)


def _bands(drawn: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Middle 95 % of resampled scores, each of shape (resamples,)."""
    bands: dict[str, float] = {}
    for name, values in drawn.items():
        low, high = np.percentile(values, [2.5, 97.5])
        bands |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return bands


def _row(
    row: tuple[float, str, float], curves: _Curves, drawn: _Totals | None, records_a_day: int
) -> dict[str, object]:
    """Scores at one threshold, with the precision and the alarms a day at each base rate."""
    rate, chosen_on, threshold = row
    place = np.array(curves.index(threshold))
    found = {name: float(value) for name, value in curves.whole.at(place).items()}
    # a threshold read on the test is read anew in each resampled test, one from training stays
    bands = {} if drawn is None else _bands(drawn.at_rate(rate) if chosen_on == ON_TEST else drawn.at(place))
    result: dict[str, object] = {"allowed": rate, "threshold_from": chosen_on, "threshold": threshold, **found, **bands}
    for records in BASE_RATES:
        right, false = alarm_shares(found["detection"], found["false_alarm_rate"], records)
        result[f"precision_1_in_{records}"] = right / (right + false) if right + false else np.nan
        result[f"alarms_a_day_1_in_{records}"] = records_a_day * (right + false)
        result[f"false_alarms_a_day_1_in_{records}"] = records_a_day * false
    return result


def alarm_shares(detection: float, false_alarm_rate: float, records: int) -> tuple[float, float]:
    """Shares of all records that raise a right and a false alarm, where one in `records` is an attack."""
    return detection / records, false_alarm_rate * (1 - 1 / records)


def _detected(labels: Labels, records: np.ndarray, alarms: np.ndarray) -> dict[str, float]:
    """Share of the records with an alarm, for each category and for known and unknown attack types."""
    found = {}
    for name, group in labels.groups().items():
        if total := records[group].sum():
            found[f"detection_{name}"] = float(alarms[group].sum() / total)
    return found


def _by_type(labels: Labels, records: np.ndarray, alarms: Mapping[float, np.ndarray]) -> pd.DataFrame:
    """Share of each attack type's records with an alarm at each rate, most records first."""
    shown = np.flatnonzero(
        [name != labels.schema.normal and records[index] > 0 for index, name in enumerate(labels.names)]
    )
    names = [labels.names[index] for index in shown]
    columns = {"attack": names, "in_training": [name in labels.known for name in names], "records": records[shown]}
    columns |= {f"detected_at_{rate_name(rate)}": found[shown] / records[shown] for rate, found in alarms.items()}
    table = pd.DataFrame(columns)
    return table.sort_values(["records", "attack"], ascending=[False, True], ignore_index=True)


def _metrics(table: pd.DataFrame) -> dict[str, float]:
    """Metrics of a run: the scores at each rate, and those that training's thresholds have."""
    names = [name for name in ("detection", "mean_cost") if name in table]
    found: dict[str, float] = {}
    for row in table.to_dict("records"):
        at = rate_name(row["allowed"])
        if row["threshold_from"] != ON_TEST:
            chosen = {f"{name}_set_for_{at}": row[name] for name in ("false_alarm_rate", *names)}
            found |= chosen
            continue
        found |= {f"{name}_at_{at}{end}": row[f"{name}{end}"] for name in names for end in ("", "_low", "_high")
                  if f"{name}{end}" in row}  # fmt: skip
        if "detection_unknown_attacks" in row:
            found[f"detection_unknown_attacks_at_{at}"] = row["detection_unknown_attacks"]
    return found
