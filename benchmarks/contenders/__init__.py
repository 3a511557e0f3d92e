"""Contenders of the benchmarks: each module is a process that takes turns, see `benchmarks.contest`."""
