"""Detector: from raw records to verdicts, as one object that is saved, loaded and served."""
