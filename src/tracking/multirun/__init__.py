"""Multiruns: their parent, progress and results."""
