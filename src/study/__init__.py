"""Sweeps: Optuna studies over configs, on any number of workers. Optuna is the storage, the samplers and the pruners."""
