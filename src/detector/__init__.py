"""Detector: raw records in, verdicts out."""
