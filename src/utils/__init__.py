"""Helpers that have nothing to do with intrusion detection."""
