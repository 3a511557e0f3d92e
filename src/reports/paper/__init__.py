"""The paper beside our runs: what it states, what we measured, and whether the two agree."""
