"""New names of the config keys and choices of earlier versions."""

from collections.abc import Collection

from omegaconf import DictConfig

from src.config.build import ConfigError

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
# Keys that other choices of the same group still have.
RENAMED_KEYS_OF_CHOICES = {
    "model=random_forest": {"model.trees": "model.n_estimators"},
    "model=gradient_boosting": {"model.iterations": "model.max_iter"},
    "model=knn": {"model.neighbors": "model.n_neighbors"},
    "model=naive_bayes": {"model.smoothing": "model.var_smoothing"},
    "reducer=forest_importance": {"reducer.trees": "reducer.n_estimators"},
}
RENAMED_CHOICES = {
    "layout=past": "layout=history",
    "model=lstm_committee": "model=lstm_ensemble",
    "recipe=lstm_committee_multiclass_smurf": "recipe=lstm_ensemble_multiclass_smurf",
}


def renamed_keys(choices: Collection[str]) -> dict[str, str]:
    """New name of each old key, for a config with these choices, such as `model=knn`."""
    keys = dict(RENAMED_KEYS)
    for choice, renamed in RENAMED_KEYS_OF_CHOICES.items():
        if choice in choices:
            keys |= renamed
    return keys


def refuse_renamed_keys(config: DictConfig) -> None:
    """Refuse a file, such as a params.yaml, that still has a key of an earlier version.

    Raises:
        ConfigError: the message gives the new name.
    """
    choices = [f"{group}={config[group].get('name')}" for group in ("model", "reducer") if group in config]
    for old, new in renamed_keys(choices).items():
        group, _, key = old.partition(".")
        if key in config.get(group, ()):
            raise ConfigError(f"{old}: found a key of an earlier version, expected {new}")
