"""Where records come from and what a valid record is."""
