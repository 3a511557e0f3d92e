"""What is timed, each a process of its own that takes its turns; see `benchmarks.contest`."""
