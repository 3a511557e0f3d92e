"""Stages of the pipeline, and what their outputs depend on."""
