"""Compares mutual information with scikit-learn, and the encoding of raw text as Parquet with pandas."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_selection import mutual_info_classif

from benchmarks.contest import race_here
from benchmarks.inputs import Inputs
from benchmarks.table import Ratio
from src.data.parsing.quarantine import Quarantine
from src.data.sampling import draw
from src.data.schema import Schema
from src.features.mutual_information import mutual_information
from src.features.preprocessing import preprocess_to_file

FIRST = 10  # features whose order is compared


def scores(inputs: Inputs, rounds: int) -> Iterator[Ratio]:
    """Mutual information of every feature with the class, of the drawn records."""
    table, task = inputs.outputs.training_file.table, inputs.settings.task
    index, y, _ = draw(table, task, inputs.settings.seed, scale=inputs.settings.scale)
    X = table.take(index).X
    ours, found = race_here({"ours": lambda: mutual_information(X, y)}, rounds)
    mutual_info_classif(X[:1000], y[:1000], n_jobs=-1)  # starts its processes
    theirs, other = race_here({"theirs": lambda: mutual_info_classif(X, y, n_jobs=-1, random_state=0)}, 1)
    order = [np.argsort(-one, kind="stable")[:FIRST].tolist() for one in (found["ours"], other["theirs"])]
    note = (
        "same first ten in the same order" if order[0] == order[1] else f"**other first ten**: {order[0]}, {order[1]}"
    )
    yield Ratio(f"mutual information, {X.shape[0]:,} x {X.shape[1]}", ours["ours"],
                "scikit-learn's `mutual_info_classif`, all cores", theirs["theirs"], 20, note=note)  # fmt: skip


def encoding(inputs: Inputs, rounds: int) -> Iterator[Ratio]:
    """Measure the encoding of the training file, from the published gz to a Parquet file of features."""
    ours, theirs = inputs.scratch / "ours.parquet", inputs.scratch / "theirs.parquet"
    gz, schema = inputs.gz, inputs.settings.dataset.schema
    quarantine = Quarantine(inputs.scratch / "quarantine.txt", inputs.scratch / "quarantine.csv")
    seconds, returned = race_here(
        {
            "ours": lambda: preprocess_to_file(gz, ours, quarantine, schema).records,
            "theirs": lambda: _with_pandas(gz, theirs, schema),
        },
        rounds,
    )
    assert returned["ours"] == returned["theirs"], returned
    yield Ratio(f"gz text to checked Parquet, {returned['ours']:,} records", seconds["ours"],
                "pandas: `read_csv`, `get_dummies`, `to_parquet`, no checks", seconds["theirs"], 1)  # fmt: skip


def _with_pandas(gz: Path, parquet: Path, schema: Schema) -> int:
    """Encode the same features with pandas in the shortest way; returns the number of records."""
    frame = pd.read_csv(gz, header=None, names=list(schema.columns))
    frame["service"] = frame["service"].astype("category").cat.codes
    frame = pd.get_dummies(frame, columns=["protocol_type", "flag"], dtype="float32")
    frame[schema.label] = frame[schema.label].astype("category")
    numbers = frame.columns.drop(schema.label)
    frame[numbers] = frame[numbers].astype("float32")
    frame.to_parquet(parquet)
    return len(frame)


def measure(inputs: Inputs, *, smoke: bool) -> Iterator[Ratio]:
    """Measure both."""
    yield from scores(inputs, 1 if smoke else 5)
    yield from encoding(inputs, 1 if smoke else 3)
