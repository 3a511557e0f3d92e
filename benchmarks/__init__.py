"""Measurements; the tables they write lie beside them."""
