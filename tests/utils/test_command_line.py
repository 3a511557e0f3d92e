"""Commands whose reader goes away end without a message: `... | head -1`."""

import subprocess
import sys

import pytest

from src.utils.paths import PROJECT

LONG_TABLE = """
from src import table
from src.tracking.tables import stored_runs
stored_runs.write_selected = lambda *given: "x" * 100_000
table.main([])
"""
MANY_RUNS = """
from src import log_runs
from src.tracking import log_later
log_later.log_kept = lambda folders: iter(["x" * 100_000] * 2)
log_runs.main([])
"""


@pytest.mark.parametrize("code", [LONG_TABLE, MANY_RUNS], ids=["table", "log_runs"])
def test_results_that_nobody_reads_to_the_end_are_no_error(code: str) -> None:
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert (errors, process.returncode) == ("", 141)
