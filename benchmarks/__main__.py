"""Measures the speed of this project and of others, its growth, and the limit of the machine: `python -m benchmarks`.

`make bench` runs it and rewrites benchmarks/README.md and growth.svg. It needs IDS_DATA_MIRROR and an
otherwise idle machine. The rows of PyTorch and JAX need `make bench-peers` first.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.clone import mirror_folder
from benchmarks.page import SECTIONS, page
from src.utils.files import write_text
from src.utils.paths import PROJECT


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few simulated records: checks that it runs, not how fast")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="only these sections")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks", help="folder of README.md and growth.svg")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    mirror = None if options.smoke else mirror_folder()
    with tempfile.TemporaryDirectory(prefix="ids-bench-") as scratch:
        text = page(Path(scratch), mirror, options.only, options.out)
    write_text(options.out / "README.md", text)
    print(text)


if __name__ == "__main__":
    main()
