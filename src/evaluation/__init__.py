"""Evaluation of a detector: metrics, confusion matrices, curves, figures."""
