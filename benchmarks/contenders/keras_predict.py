"""Computes verdicts from raw text with `read_csv`, the scaling and reducer of the detector, and Keras's `predict`.

python -m benchmarks.contenders.keras_predict DETECTOR first.csv records.csv verdicts.csv

The few records of first.csv are scored before the first turn, which covers the work of a first use.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.contenders.turns import serve
from src.data.schema_files import declared_schema
from src.features.reduction import load_preparation

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # TensorFlow's default, which this project switches off


def main() -> None:
    """Serve the turns."""
    folder, first, records, verdicts = map(Path, sys.argv[1:])
    import keras

    from src.models.networks import layers

    assert layers  # imported for Keras, which finds the layers by name
    preparation = load_preparation(folder / "preparation.skops")
    network = keras.saving.load_model(folder / "model" / "network.keras")
    schema = declared_schema("kdd")
    code = {name: place for place, name in enumerate(schema.vocabularies["service"])}

    def score(records: Path) -> None:
        frame = pd.read_csv(records, header=None, names=list(schema.columns))
        frame["service"] = frame["service"].map(code)
        frame = pd.get_dummies(frame, columns=["protocol_type", "flag"], dtype="float32")
        X = preparation.transform(frame.reindex(columns=list(schema.features), fill_value=0).to_numpy(np.float32))
        verdict = network.predict(X[:, :, None], verbose=0)[:, 0].argmax(axis=1)
        pd.Series(verdict).to_csv(verdicts)

    score(first)
    serve(lambda: score(records))


if __name__ == "__main__":
    main()
