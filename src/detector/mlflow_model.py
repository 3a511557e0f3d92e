"""The detector as an MLflow model: a table of raw records in, a table of verdicts out.

MLflow runs this file when it loads a logged detector; it needs the rooms data, features and models, nothing else.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from src.data.schema import COLUMNS, EXPECTED, in_range
from src.detector.detector import Detector


class ServedDetector(PythonModel):
    """Checks what the signature cannot: ranges, whole numbers, missing values."""

    def load_context(self, context: Any) -> None:
        self._detector = Detector.load(Path(context.artifacts["detector"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Columns `verdict` (class name) and `probability_<class>`; a row a record, in order.

        A detector that reads the records before one (`layout` window or history of its card) takes the rows of a call
        as consecutive records, and the first as the first of a file: send the records before those in question along,
        window - 1 or as many as the longest of `history`.

        Raises:
            ValueError: a value is missing or outside its column's range; names row (0-based), column and expectation.
        """
        probability = self._detector.predict_proba(_checked(model_input))
        names = self._detector.card.class_names
        verdicts = pd.DataFrame(probability, columns=[f"probability_{name}" for name in names], dtype="float64")
        verdicts.insert(0, "verdict", [names[place] for place in self._detector.verdict(probability)])
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


set_model(ServedDetector())
