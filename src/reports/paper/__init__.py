"""The report on the paper: its numbers beside those of our runs."""
