"""Table of evaluations on other data sets: a row for each configuration of a detector and each test part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from src.config.settings import TRAINED_ON
from src.evaluation.thresholds import FALSE_ALARM_RATES, rate_name
from src.tracking.cross_evaluation import CrossRun
from src.tracking.tables.alike_runs import by_configuration, shared_params
from src.tracking.tables.remarks import left_out
from src.tracking.tables.results import FINISHED, ResultsTable, Row, TableRun, differing

_ALWAYS = (f"{TRAINED_ON}.name", "dataset.name")
_REMARKS = (
    "seen: share of the scored records with a copy in the training part. not seen: the others.",
    "det. at 1 %: share of the attacks with an alarm where 1 % of the normal records raise one.",
)
_SCORES = ("test_share_seen_in_training", "test_accuracy", "test_accuracy_unseen")
_OF_TWO = ("test_f1", "test_false_alarm_rate", "test_recall")
_OF_MORE = ("test_macro_f1", "test_false_alarm_rate", "test_detection_rate", "test_mean_cost")
_AT_EQUAL_ALARMS = tuple(f"test_detection_at_{rate_name(rate)}" for rate in FALSE_ALARM_RATES)


def cross_table(runs: Iterable[CrossRun]) -> ResultsTable:
    """Make the table, in the order of the runs; those that differ by the seed alone are one row.

    Of runs of the same configuration and seed the last counts.
    """
    runs = list(runs)
    scored = [(run, part, {**run.params, "part": part}) for run in runs for part in run.parts]
    rows = []
    for places in by_configuration([params for _, _, params in scored]):
        params = shared_params([scored[place][2] for place in places.values()])
        rows.append(Row(params, {seed: _table_run(*scored[place][:2]) for seed, place in places.items()}))
    two = all(row.n_classes == 2 for row in rows)
    metrics = (*_SCORES, *(_OF_TWO if two else _OF_MORE), *_AT_EQUAL_ALARMS)
    parts = ["part"] if len({row.params["part"] for row in rows}) > 1 else []
    parameters = list(dict.fromkeys([*_ALWAYS, *parts, *differing(rows)]))
    shown = [one for one in metrics if any(one in row.scores for row in rows)]
    lacking = dict.fromkeys(remark for run in runs for part in run.parts for remark in _lacks(run, part))
    counted = {run.id for row in rows for run in row.runs.values()}
    repeated = left_out(len({run.id for run in runs} - counted))
    return ResultsTable(rows, parameters, shown, "", (*_REMARKS, *repeated, *lacking))


def _table_run(run: CrossRun, part: str) -> TableRun:
    return TableRun(run.id, _of_part(run.metrics, part, run.parts), FINISHED, run.params)


def _lacks(run: CrossRun, part: str) -> Iterator[str]:
    """Say that a part has no attacks, or no normal records, so that scores of them are left out."""
    normal, *attacks = run.records[part]
    name = run.params["dataset.name"] + (f" ({part})" if len(run.parts) > 1 else "")
    if not any(attacks):
        yield f"{name} has normal records only: no attack could be detected, so recall, F1 and the like are left out."
    if not normal:
        yield f"{name} has attacks only: no normal record could raise a false alarm, so false alarms are left out."


def _of_part(metrics: Mapping[str, Any], part: str, parts: Sequence[str]) -> dict[str, float]:
    """Metrics of one part under the names of those of `test`."""
    longer = tuple(f"{other}_" for other in parts if other.startswith(f"{part}_"))
    return {
        f"test_{name.removeprefix(f'{part}_')}": float(value)
        for name, value in metrics.items()
        if name.startswith(f"{part}_") and not name.startswith(longer) and isinstance(value, (int, float))
    }
