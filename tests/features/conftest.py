"""The published files, read once for all tests of this package."""

from pathlib import Path

import pytest

from src.data.tables import Table
from src.features.preprocessing import Findings
from tests.kdd import preprocess_in_memory


@pytest.fixture(scope="session")
def real_train(mirror: Path) -> tuple[Table, Findings]:
    return preprocess_in_memory(mirror / "kddcup99/kddcup.data_10_percent.gz", on_bad_record="quarantine")


@pytest.fixture(scope="session")
def real_test(mirror: Path) -> tuple[Table, Findings]:
    return preprocess_in_memory(mirror / "kddcup99/corrected.gz", on_bad_record="quarantine")
