"""Example records for the input example of a logged model and for documentation."""

import pandas as pd

from src.data.schema import Schema

_RECORDS = 3


def example_records(schema: Schema) -> pd.DataFrame:
    """Build three raw records: words as str, each of the first known values in turn, and numbers as float64.

    >>> from src.data.schema_files import declared_schema
    >>> example_records(declared_schema("kdd"))[["duration", "protocol_type", "flag"]].values.tolist()
    [[0.0, 'icmp', 'OTH'], [1.0, 'tcp', 'REJ'], [0.0, 'udp', 'RSTO']]
    """
    columns: dict[str, list[str] | list[float]] = {}
    for name in schema.kinds:
        if name in schema.categorical:
            known = schema.vocabularies[name]
            columns[name] = [known[row % len(known)] for row in range(_RECORDS)]
        else:
            columns[name] = [float(row % 2) for row in range(_RECORDS)]  # in the range of every kind
    return pd.DataFrame(columns)
