"""Range and direction of metrics, by the names that runs log."""

import pytest

from src.evaluation.metric_kinds import less_is_better, scale_of

KINDS = {
    # (range, a low value is good)
    "share": {
        False: "test_accuracy val_macro_f1 test_precision_probe test_recall_unseen test_detection_rate test_roc_auc "
        "test_detection_at_0.1_percent test_detection_set_for_1_percent test_detection_unknown_attacks_at_5_percent "
        "test_unknown_types_at_1_percent test_known_types_at_1_percent test_share_seen_in_training "
        "test_ceiling_accuracy teacher_agreement_mixed",
        True: "test_false_alarm_rate test_false_alarm_rate_set_for_1_percent test_balanced_error val_balanced_error "
        "test_calibration_error test_calibration_error_as_fitted teacher_difference_held_out",
    },
    "positive": {
        False: "",
        True: "test_mean_cost test_mean_cost_at_1_percent test_balanced_cost epoch_loss fit_seconds missed_per_10000 "
        "class_errors_per_10000 false_alarms_per_10000",
    },
    "real": {False: "accuracy_percent val_threshold val_temperature epochs", True: "network_parameters"},
}


@pytest.mark.parametrize(
    ("metric", "scale", "less"),
    [(one, scale, less) for scale, by in KINDS.items() for less, names in by.items() for one in names.split()],
)
def test_each_metric_has_its_range_and_direction(metric: str, scale: str, less: bool) -> None:
    assert (scale_of(metric), less_is_better(metric)) == (scale, less)
