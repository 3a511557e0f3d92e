"""Benchmarks: this project and others in the same run. The tables they write are in this folder."""
