"""Order of a run's metrics, and headline scores in numbers that the MLflow UI does not round away."""

from collections.abc import Mapping

# MLflow shows metrics in the order in which they were logged first, and its compare view opens on the first.
_FIRST = (
    *("test_accuracy", "accuracy_percent", "class_errors_per_10000", "missed_per_10000", "false_alarms_per_10000"),
    *("test_recall", "test_detection_rate", "test_false_alarm_rate", "test_macro_f1", "test_mean_cost", "fit_seconds"),
)
_PARTS = ("test", "val", "train")


def with_headline(metrics: Mapping[str, object]) -> dict[str, object]:
    """Add accuracy in percent and errors per 10,000 records of the test part.

    MLflow's compare view rounds numbers below 10 to three decimals, and those below 100 to two. So 0.99953 and 0.9996
    both read 1 there, and also their percentages would be equal; their errors per 10,000 read 4.7 and 4. Missed attacks
    are per 10,000 attacks, and false alarms per 10,000 normal records.

    >>> with_headline({"test_accuracy": 0.99953, "test_recall": 0.5})
    {'test_accuracy': 0.99953, 'test_recall': 0.5, 'accuracy_percent': 99.953, 'class_errors_per_10000': 4.7, \
'missed_per_10000': 5000.0}
    """
    accuracy, false_alarm = (metrics.get(f"test_{name}") for name in ("accuracy", "false_alarm_rate"))
    detection = metrics.get("test_detection_rate", metrics.get("test_recall"))  # with two classes the same number
    added = {}
    if isinstance(accuracy, float):
        added["accuracy_percent"] = round(100 * accuracy, 4)
        added["class_errors_per_10000"] = round(10_000 * (1 - accuracy), 3)
    if isinstance(detection, float):
        added["missed_per_10000"] = round(10_000 * (1 - detection), 3)
    if isinstance(false_alarm, float):
        added["false_alarms_per_10000"] = round(10_000 * false_alarm, 3)
    return {**metrics, **added}


def in_order(metrics: Mapping[str, object]) -> dict[str, object]:
    """Sort metrics: headline scores, the other scores of test, validation and training, and all others.

    >>> list(in_order({"train_accuracy": 1.0, "epochs": 3, "test_f1": 0.5, "val_f1": 0.5, "test_accuracy": 0.5}))
    ['test_accuracy', 'test_f1', 'val_f1', 'train_accuracy', 'epochs']
    """

    def place(name: str) -> tuple[int, int]:
        part = name.partition("_")[0]
        return (
            _FIRST.index(name) if name in _FIRST else len(_FIRST),
            _PARTS.index(part) if part in _PARTS else len(_PARTS),
        )

    return {name: metrics[name] for name in sorted(metrics, key=place)}
