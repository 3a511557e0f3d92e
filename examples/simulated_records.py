"""Write examples/records.csv, records to try the detector on: `python -m examples.simulated_records`.

The records are simulated: the simulator draws them from the profile of the contest's labeled test file. They have the
41 columns and no label.
"""

from pathlib import Path

from src.data.schema_files import declared_schema
from src.data.simulator import simulate
from src.utils.files import write_text

RECORDS = Path(__file__).with_name("records.csv")
LINES = 200
SEED = 2026


def records() -> str:
    """Text of the file: a header and 200 records."""
    schema = declared_schema("kdd")
    drawn = b"".join(simulate("test", LINES, SEED, schema)).decode()
    lines = (line.rpartition(",")[0] for line in drawn.splitlines())
    return "\n".join([",".join(schema.kinds), *lines]) + "\n"


if __name__ == "__main__":
    write_text(RECORDS, records())
