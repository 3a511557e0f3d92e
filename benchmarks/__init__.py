"""Measurements: ours beside others' in the same run. The tables they write lie beside them."""
