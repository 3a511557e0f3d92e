"""Sweeps: Optuna studies over configs, by any number of workers. Storage, samplers and pruners are Optuna's."""
