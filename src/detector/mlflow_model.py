"""Detector as an MLflow model: turns a table of raw records into a table of verdicts.

A logged detector brings this module and those that it imports (`src.tracking.packed_code`). It needs only the packages
data, features and models.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from mlflow.pyfunc import PythonModel

from src.data.schema import COLUMNS, EXPECTED, in_range
from src.detector.detector import Detector


class ServedDetector(PythonModel):
    """MLflow model around a detector. Checks ranges, whole numbers and missing values, which a signature cannot."""

    def load_context(self, context: Any) -> None:
        self._detector = Detector.load(Path(context.artifacts["detector"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict a verdict for each record.

        A detector with `layout` window or history on its card treats the rows of a call as a complete file. Prepend the
        previous records of the traffic: window - 1 of them, or as many as the longest length of `history`.

        Returns:
            Columns `verdict` (class name) and `probability_<class>`, one row a record, in order.
        Raises:
            ValueError: a value is missing or outside its column's range; names row (0-based), column and valid values.
        """
        probability = self._detector.predict_proba(_checked(model_input))
        names = self._detector.card.class_names
        verdicts = pd.DataFrame(probability, columns=[f"probability_{name}" for name in names], dtype="float64")
        verdicts.insert(0, "verdict", [names[index] for index in self._detector.verdict(probability)])
        return verdicts


def _checked(records: pd.DataFrame) -> pa.Table:
    columns = {}
    for name, kind in COLUMNS.items():
        values = records[name]
        if kind == "symbol":
            wrong = values.isna() | (values == "")
            columns[name] = pa.array(values.astype(str), pa.string()).dictionary_encode()
        else:
            number = values.astype("float64")
            wrong = ~in_range(kind, number)
            if kind != "rate":
                wrong |= number % 1 != 0
            columns[name] = pa.array(number)
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            found = values.iloc[[row]].tolist()[0]  # as Python writes it: 3.5, not np.float64(3.5)
            raise ValueError(f"row {row}, column {name}: found {found!r}, expected {EXPECTED[kind]}")
    return pa.table(columns)
