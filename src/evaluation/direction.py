"""Direction of a metric: a low value of it is good, or a high one."""

_LESS_IS_BETTER = (
    *("_seconds", "cost", "loss", "false_alarm_rate", "calibration_error", "per_10000"),
    "network_parameters",
)


def less_is_better(metric: str) -> bool:
    """Tell whether a low value of a metric is good.

    >>> less_is_better("val_mean_cost"), less_is_better("val_macro_f1")
    (True, False)
    """
    return any(part in metric for part in _LESS_IS_BETTER)
