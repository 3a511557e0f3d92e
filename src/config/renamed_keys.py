"""New names of the config keys and choices of earlier versions."""

RENAMED_KEYS = {
    "evaluation.decision": "decision.rule",
    "evaluation.attack_odds": "decision.attack_prior_odds",
    "evaluation.calibrate": "decision.calibrate",
    "evaluation.false_alarm_budget": "decision.false_alarm_budget",
    "evaluation.false_alarm_blocks": "decision.false_alarm_blocks",
    "decision.attack_odds": "decision.attack_prior_odds",
    "model.standardise": "model.standardize",
    "model.frequencies": "model.fourier.n_frequencies",
    "model.lowest_frequency": "model.fourier.lowest",
    "model.highest_frequency": "model.fourier.highest",
    "model.knee_frequency": "model.fourier.knee",
    "model.frequency_decay": "model.fourier.decay",
    "training.copies": "training.max_copies_per_row",
    "training.type_limit": "training.max_rows_per_attack_type",
    "training.past_grafts": "training.history_grafts",
}
RENAMED_CHOICES = {
    "layout=past": "layout=history",
    "model=lstm_committee": "model=lstm_ensemble",
    "recipe=lstm_committee_multiclass_smurf": "recipe=lstm_ensemble_multiclass_smurf",
}
