"""examples/: records to try the detector on."""

from examples import simulated_records
from tests.kdd import COLUMNS, read_blocks


def test_the_example_records_are_those_that_the_simulator_draws() -> None:
    assert simulated_records.RECORDS.read_text() == simulated_records.records(), (
        "run `python -m examples.simulated_records`"
    )


def test_the_example_records_have_a_header_and_the_41_columns() -> None:
    with simulated_records.RECORDS.open("rb") as file:
        header = file.readline()
        file.seek(0)
        (block,) = read_blocks(file, "records.csv", label="ignored")
    assert header.decode().strip().split(",") == list(COLUMNS)
    assert (block.columns.num_rows, block.label, block.bad) == (simulated_records.LINES, None, [])
    assert len(set(block.columns["service"].to_pylist())) > 5, "expected traffic of several services"
