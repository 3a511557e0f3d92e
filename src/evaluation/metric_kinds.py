"""Kinds of metrics by name: their range, and whether a low value is good."""

import re
from typing import Literal

Scale = Literal["real", "positive", "share"]

_SHARES = re.compile(
    "^(?!.*(accuracy_percent|per_10000)).*"
    "(accuracy|f1|recall|precision|_rate|share|roc_auc|detection|_types_at|_error|agreement|teacher_difference)"
)
_POSITIVE = re.compile("(seconds|cost|loss|per_10000)")
_LESS_IS_BETTER = re.compile(
    "(seconds|cost|loss|per_10000|false_alarm_rate|_error|teacher_difference|network_parameters)"
)


def scale_of(metric: str) -> Scale:
    """Return the range of a metric: a share from 0 to 1, a positive number, or any real number.

    >>> scale_of("test_detection_at_1_percent"), scale_of("fit_seconds"), scale_of("accuracy_percent")
    ('share', 'positive', 'real')
    """
    return "share" if _SHARES.search(metric) else "positive" if _POSITIVE.search(metric) else "real"


def less_is_better(metric: str) -> bool:
    """Tell whether a low value of a metric is good.

    >>> [less_is_better(name) for name in ("val_mean_cost", "val_balanced_error", "val_macro_f1")]
    [True, True, False]
    """
    return bool(_LESS_IS_BETTER.search(metric))
