"""Order of a run's metrics, and headline scores in percent, as the MLflow UI needs them."""

from collections.abc import Mapping

# MLflow shows metrics in the order in which they were logged first, and its compare view opens on the first.
_FIRST = (
    *("test_accuracy", "accuracy_percent", "detection_percent", "false_alarm_percent", "macro_f1_percent"),
    *("test_recall", "test_detection_rate", "test_false_alarm_rate", "test_macro_f1", "test_mean_cost", "fit_seconds"),
)
_PARTS = ("test", "val", "train")
# Name in percent, and the score; with two classes the detection rate is the recall, and has no name of its own.
_PERCENT = {
    "accuracy_percent": ("test_accuracy",),
    "detection_percent": ("test_detection_rate", "test_recall"),
    "false_alarm_percent": ("test_false_alarm_rate",),
    "macro_f1_percent": ("test_macro_f1",),
}


def with_percent(metrics: Mapping[str, object]) -> dict[str, object]:
    """Add the headline scores of the test part in percent: MLflow's compare view rounds to three decimals.

    >>> with_percent({"test_accuracy": 0.99951234, "test_recall": 0.5})
    {'test_accuracy': 0.99951234, 'test_recall': 0.5, 'accuracy_percent': 99.9512, 'detection_percent': 50.0}
    """
    found = {
        name: next((metrics[score] for score in scores if score in metrics), None) for name, scores in _PERCENT.items()
    }
    return {**metrics, **{name: round(100 * value, 4) for name, value in found.items() if isinstance(value, float)}}


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
