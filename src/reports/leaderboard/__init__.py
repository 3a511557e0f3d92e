"""The report on every model on one protocol, with the numbers of the literature."""
