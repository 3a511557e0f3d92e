"""Detector as an MLflow model: turns a table of raw records into a table of verdicts.

A logged detector brings this module and those that it imports (`src.tracking.packed_code`). It needs only the packages
data, features and models.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.pyfunc import PythonModel

from src.data.parsing.frames import checked_columns
from src.data.parsing.header import HeaderError
from src.data.parsing.reading import MAX_UNKNOWN
from src.detector.detector import Detector
from src.features.unknown_words import UnknownWords, unknown_per_record

_EXACT_NAMES = (
    "MLflow leaves out columns whose names differ in letter case or punctuation: rename them, as with "
    'records.rename(columns=lambda name: name.lower().replace(" ", "_"))'
)


class ServedDetector(PythonModel):
    """MLflow model around a detector. Takes data frames of any types of columns, and checks every value."""

    def load_context(self, context: Any) -> None:
        self._detector = Detector.load(Path(context.artifacts["detector"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict a verdict for each record.

        A detector with `layout` window or history on its card treats the rows of a call as a complete file. Prepend the
        previous records of the traffic: window - 1 of them, or as many as the longest length of `history`.

        Args:
            params: `max_unknown`: share of the records that may have words that no published file has.
        Returns:
            Columns `verdict` (class name), `probability_<class>`, and `unknown_words` (number of words of the record
            that no published file has), one row a record, in order.
        Raises:
            ValueError: a column is missing, a value is missing or outside its column's range (names row (0-based),
                column and valid values), or too many records have unknown words.
        """
        try:
            columns = checked_columns(model_input, self._detector.card.schema)
        except HeaderError as error:
            raise HeaderError(f"{error}; {_EXACT_NAMES}") from None
        share = (params or {}).get("max_unknown", MAX_UNKNOWN)
        unknown = UnknownWords(share, "records", 'max_unknown of params={"max_unknown": SHARE}')
        probability = self._detector.stream(unknown).predict_proba(columns)
        names = self._detector.card.class_names
        verdicts = pd.DataFrame(probability, columns=[f"probability_{name}" for name in names], dtype="float64")
        verdicts.insert(0, "verdict", [names[index] for index in self._detector.verdict(probability)])
        verdicts["unknown_words"] = unknown_per_record(columns, self._detector.card.schema)
        return verdicts
