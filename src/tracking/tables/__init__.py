"""Tables of runs, in several formats."""
