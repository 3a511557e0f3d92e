"""Memory that a process keeps for its next arrays, in place of giving it back to the system after each."""

import ctypes
import sys

# Parameters of mallopt(3), and their values in bytes, of which the first that the library takes counts.
_SETTINGS = {
    -3: (2**30, 2**25),  # M_MMAP_THRESHOLD: smaller arrays share the heap; before glibc 2.35 it may be 32 MB at most
    -1: (2**31 - 1,),  # M_TRIM_THRESHOLD: the heap gives back what is beyond; the most that an int holds
    -2: (2**26,),  # M_TOP_PAD: the heap grows by at least this
}


def keep_freed_memory() -> bool:
    """Make the C library keep the memory of freed arrays; return False where it is not glibc, or refuses a setting.

    By default an array of megabytes is memory of its own, which the system clears page by page each time. A fit with
    its evaluation makes thousands of such arrays: clearing took a quarter of their processor time. The most memory
    that the process has at once stays about the same, but the process has it until its end.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    taken = [any(library.mallopt(name, value) == 1 for value in values) for name, values in _SETTINGS.items()]
    return all(taken)
