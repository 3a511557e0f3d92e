"""Memory that a process keeps, by the pages that the system had to clear for it."""

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from src.utils.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    [b"1" * (20_000_000 + n) for n in range(6)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    found = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
    return int(found.stdout)


@pytest.mark.skipif("not hasattr(__import__('ctypes').CDLL(None), 'gnu_get_libc_version')", reason="glibc alone")
def test_freed_memory_serves_the_next_array() -> None:
    # 20 times 120 MB, in arrays that any glibc may keep: the pages are cleared once, or once each
    assert faults("kept") < faults("as by default") / 5
