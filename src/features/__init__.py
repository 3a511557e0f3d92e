"""Encoding, scaling and reducers: turns checked records into the input of a model."""
