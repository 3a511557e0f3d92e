"""Example records for the input example of a logged model and for documentation."""

import pandas as pd

from src.data.schema import COLUMNS

_EXAMPLES = (
    {"protocol_type": "tcp", "service": "http", "flag": "SF", "src_bytes": 210, "dst_bytes": 1500, "logged_in": 1},
    {"protocol_type": "icmp", "service": "ecr_i", "flag": "SF", "src_bytes": 1000, "count": 500, "srv_count": 500},
    {"protocol_type": "tcp", "service": "private", "flag": "S0", "count": 200, "serror_rate": 1.0},
)


def example_records() -> pd.DataFrame:
    """Build three raw records: 41 columns, words as str, numbers as float64, values that are not set as 0."""
    table = pd.DataFrame([{name: values.get(name, 0) for name in COLUMNS} for values in _EXAMPLES])
    numbers = [name for name, kind in COLUMNS.items() if kind != "symbol"]
    return table.astype(dict.fromkeys(numbers, "float64"))
