"""Environment variables: a name that several packages share, and changes for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

STORAGE_VARIABLE = "OPTUNA_STORAGE"  # address of the studies of sweeps


@contextmanager
def environment_kept(prefix: str) -> Iterator[None]:
    """Undo at the end of the block what it changed in the variables whose names begin with `prefix`."""
    before = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith(prefix) and name not in before]:
            del os.environ[name]
        os.environ.update(before)
