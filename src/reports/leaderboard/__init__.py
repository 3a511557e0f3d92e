"""Every model on one protocol, beside what the sources of each report of it."""
