"""Sources of records, their schema and checks, and the sampled, split and windowed tables made of them."""
